// Requests that are under no limit, and refusals, begin a few in each turn of the event loop: with all at once, whoever sent some
// thousands of them kept everybody else waiting until the last was answered.
import { createFairLine } from '#core/request/source-slots.ts';

/** About five milliseconds of work. */
const MOST_IN_TURN = 32;

/** Creates their wait: it resolves when this one may begin, for the first of a turn at once. Sources take turns. */
export function createSmallTurns(): (sourceAddress: string | undefined) => Promise<void> {
  const waiting = createFairLine();
  let left = MOST_IN_TURN;
  const nextTurn = (): void => {
    for (left = MOST_IN_TURN; left > 0; left -= 1) {
      const go = waiting.next();
      if (!go) break;
      go();
    }
    if (left < MOST_IN_TURN) setImmediate(nextTurn);
  };
  return async (sourceAddress) => {
    if (left === MOST_IN_TURN) setImmediate(nextTurn);
    left -= 1;
    if (left < 0) await new Promise<void>((resolve) => waiting.join(sourceAddress, resolve));
  };
}
