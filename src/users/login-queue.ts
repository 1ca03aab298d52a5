// Bounds what password verification takes of the server: memory and threads by slots, waiting by a limit.
// Logins under one name wait for each other: what one of them counted is known to the next, so no burst of guesses gets past
// a lock-out, and a flood on one name holds one slot only.
import { ExchangeFailure } from '#core/failure.ts';

export interface QueueLimits {
  /** scrypt computations at one time. Each takes a thread of the pool and the memory of its cost. */
  readonly maxConcurrent: number;
  /** Logins that wait. One name takes half of them at most. */
  readonly maxQueued: number;
}

export interface LoginQueue {
  /** Runs the work after all earlier work of this name.
   * @throws {ExchangeFailure} `dependency-unavailable` when too many wait */
  inTurn<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Runs the computation when a slot is free. For use inside `inTurn`, which bounds how many wait for one. */
  inSlot<T>(computation: () => Promise<T>): Promise<T>;
}

interface Lane {
  readonly tail: Promise<unknown>;
  readonly length: number;
}

function createSlots(maxConcurrent: number) {
  const waiting: (() => void)[] = [];
  let free = maxConcurrent;
  return async <T>(computation: () => Promise<T>): Promise<T> => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await computation();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}

/** Creates the queue. */
export function createLoginQueue({ maxConcurrent, maxQueued }: QueueLimits): LoginQueue {
  const lanes = new Map<string, Lane>();
  let pending = 0;

  function enter(name: string): Lane {
    const lane = lanes.get(name) ?? { tail: Promise.resolve(), length: 0 };
    if (pending >= maxConcurrent + maxQueued || lane.length > maxQueued / 2) {
      throw new ExchangeFailure('dependency-unavailable', 'too many logins wait for verification');
    }
    pending += 1;
    return lane;
  }

  function leave(name: string): void {
    pending -= 1;
    const lane = lanes.get(name);
    if (lane && lane.length > 1) lanes.set(name, { ...lane, length: lane.length - 1 });
    else lanes.delete(name);
  }

  return {
    async inTurn(name, work) {
      const lane = enter(name);
      const turn = lane.tail.then(work).finally(() => leave(name));
      // The next in line waits for the end of this one, whatever the outcome; the caller alone gets the refusal.
      const tail = turn.catch(() => undefined);
      lanes.set(name, { tail, length: lane.length + 1 });
      return turn;
    },
    inSlot: createSlots(maxConcurrent),
  };
}
