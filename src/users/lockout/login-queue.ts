// Bounds what verifying passwords costs: slots bound memory and threads, a limit bounds how many wait.
// Logins of one name run one after the other: each knows what the one before counted, so a burst of guesses cannot get past a
// lock-out, and a flood on one name holds one slot. Sources take turns: a flood from one delays another by one computation at most.
import { ExchangeFailure } from '#core/failure.ts';
import { createSourceSlots, type InSlot } from '#core/request/source-slots.ts';
import { createFairPlaces, type TakePlace } from './fair-places.ts';

export interface QueueLimits {
  /** scrypt computations at one time. Each takes a thread of the pool and the memory of its cost. */
  readonly maxConcurrent: number;
  /** Logins that wait. One name, and one source, takes half of them at most. */
  readonly maxQueued: number;
}

export interface LoginQueue {
  /** Runs the work after all earlier work of this name.
   * @throws {ExchangeFailure} `dependency-unavailable` when too many wait */
  inTurn<T>(login: QueuedLogin, work: () => Promise<T>): Promise<T>;
  /** Runs the computation when a slot is free. For use inside `inTurn`, which bounds how many wait for one. */
  readonly inSlot: InSlot;
  /** A place for a login that waits for the computation of an equal one: it costs none, but as a request it takes from others too. */
  readonly takeShare: TakePlace;
}

interface QueuedLogin {
  readonly foldedName: string;
  readonly sourceAddress: string | undefined;
}

interface Lane {
  readonly tail: Promise<unknown>;
  readonly length: number;
}

/** As many as a process may have in hand (`limits.maxInFlight`), but for those of the queue and some of others. */
const SHARES_PER_PLACE = 3;

/** Creates the queue. */
export function createLoginQueue({ maxConcurrent, maxQueued }: QueueLimits): LoginQueue {
  const lanes = new Map<string, Lane>();
  const takePlace = createFairPlaces(maxConcurrent + maxQueued);

  function laneOf(name: string): Lane {
    const lane = lanes.get(name) ?? { tail: Promise.resolve(), length: 0 };
    if (lane.length > maxQueued / 2)
      throw new ExchangeFailure('dependency-unavailable', 'too many logins wait under one name');
    return lane;
  }

  function leaveLane(name: string): void {
    const lane = lanes.get(name);
    if (lane && lane.length > 1) lanes.set(name, { ...lane, length: lane.length - 1 });
    else lanes.delete(name);
  }

  return {
    async inTurn({ foldedName: name, sourceAddress }, work) {
      const lane = laneOf(name);
      const leavePlace = takePlace(sourceAddress);
      const turn = lane.tail.then(work).finally(() => {
        leavePlace();
        leaveLane(name);
      });
      // The next in line waits for the end of this one, whatever the outcome; the caller alone gets the refusal.
      const tail = turn.catch(() => undefined);
      lanes.set(name, { tail, length: lane.length + 1 });
      return turn;
    },
    inSlot: createSourceSlots(maxConcurrent),
    takeShare: createFairPlaces(SHARES_PER_PLACE * maxQueued),
  };
}
