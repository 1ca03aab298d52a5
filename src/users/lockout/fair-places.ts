// Places that sources share while they wait. Each may have as many as are left free: half where it is alone, and less the more there are.
// So there is room for one that comes later, where floods from two would else take all of it.
import { ExchangeFailure } from '#core/failure.ts';
import { sourceBlock } from '#core/request/source-block.ts';

/** Takes a place; what it gives leaves it again.
 * @throws {ExchangeFailure} `dependency-unavailable` */
export type TakePlace = (sourceAddress: string | undefined) => () => void;

/** Creates so many places. */
export function createFairPlaces(places: number): TakePlace {
  const takenBy = new Map<string, number>();
  let taken = 0;
  return (sourceAddress) => {
    const source = sourceBlock(sourceAddress ?? '');
    const ofSource = takenBy.get(source) ?? 0;
    if (ofSource >= places - taken)
      throw new ExchangeFailure('dependency-unavailable', 'too many logins wait for verification');
    taken += 1;
    takenBy.set(source, ofSource + 1);
    return () => {
      taken -= 1;
      const left = (takenBy.get(source) ?? 1) - 1;
      if (left > 0) takenBy.set(source, left);
      else takenBy.delete(source);
    };
  };
}
