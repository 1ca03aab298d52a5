// Bounds what verifying passwords costs: slots bound memory and threads, a limit bounds how many wait.
// Logins of one name run one after the other: each knows what the one before counted, so a burst of guesses cannot get past a
// lock-out, and a flood on one name holds one slot. Sources take turns: a flood from one delays another by one computation at most.
// A source may have as much of the queue as is left free: half where it is alone, and less the more there are. So there is room for
// one that comes later, where floods from two would else take all of it.
import { ExchangeFailure } from '#core/failure.ts';
import { sourceBlock } from '#core/request/source-block.ts';
import { createSourceSlots, type InSlot } from '#core/request/source-slots.ts';

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
}

interface QueuedLogin {
  readonly foldedName: string;
  readonly sourceAddress: string | undefined;
}

interface Lane {
  readonly tail: Promise<unknown>;
  readonly length: number;
}

/** Creates the queue. */
export function createLoginQueue({ maxConcurrent, maxQueued }: QueueLimits): LoginQueue {
  const lanes = new Map<string, Lane>();
  const pendingOf = new Map<string, number>();
  let pending = 0;

  function enter(name: string, source: string): Lane {
    const lane = lanes.get(name) ?? { tail: Promise.resolve(), length: 0 };
    const ofSource = pendingOf.get(source) ?? 0;
    const left = maxConcurrent + maxQueued - pending;
    if (ofSource >= left || lane.length > maxQueued / 2) {
      throw new ExchangeFailure('dependency-unavailable', 'too many logins wait for verification');
    }
    pending += 1;
    pendingOf.set(source, ofSource + 1);
    return lane;
  }

  function leave(name: string, source: string): void {
    pending -= 1;
    const ofSource = (pendingOf.get(source) ?? 1) - 1;
    if (ofSource > 0) pendingOf.set(source, ofSource);
    else pendingOf.delete(source);
    const lane = lanes.get(name);
    if (lane && lane.length > 1) lanes.set(name, { ...lane, length: lane.length - 1 });
    else lanes.delete(name);
  }

  return {
    async inTurn({ foldedName: name, sourceAddress }, work) {
      const source = sourceBlock(sourceAddress ?? '');
      const lane = enter(name, source);
      const turn = lane.tail.then(work).finally(() => leave(name, source));
      // The next in line waits for the end of this one, whatever the outcome; the caller alone gets the refusal.
      const tail = turn.catch(() => undefined);
      lanes.set(name, { tail, length: lane.length + 1 });
      return turn;
    },
    inSlot: createSourceSlots(maxConcurrent),
  };
}
