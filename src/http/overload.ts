// Refuses work early while there is more than can be done: a request that waits in line until its client has gone costs as much
// as one that is answered.
import { ExchangeFailure } from '#core/failure.ts';

interface OverloadLimits {
  /** Requests of one process at one time. */
  readonly maxInFlight: number;
  /** How late the event loop may be. */
  readonly maxLoopDelayMilliseconds: number;
}

export interface OverloadGuard {
  /** Runs the work unless there is too much of it.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  run<T>(limits: OverloadLimits, work: () => Promise<T>): Promise<T>;
  stop(): void;
}

const SAMPLE_MILLISECONDS = 100;
/** A loop that is late with fewer requests than this share of the bound is late for another reason: refusing would not help. */
const BUSY_SHARE = 0.05;

/** Creates the guard; `now` in milliseconds, of a clock that never goes back. */
export function createOverloadGuard(now: () => number = () => performance.now()): OverloadGuard {
  let inFlight = 0;
  let sampledAt = now();
  let delayMilliseconds = 0;
  const timer = setInterval(() => {
    const at = now();
    delayMilliseconds = Math.max(at - sampledAt - SAMPLE_MILLISECONDS, 0);
    sampledAt = at;
  }, SAMPLE_MILLISECONDS).unref();

  function refuse(detail: string): never {
    throw new ExchangeFailure('dependency-unavailable', detail, { retryAfterSeconds: 1 });
  }
  return {
    async run({ maxInFlight, maxLoopDelayMilliseconds }, work) {
      if (inFlight >= maxInFlight) refuse('too many requests at one time');
      const isLate = delayMilliseconds > maxLoopDelayMilliseconds;
      if (isLate && inFlight > maxInFlight * BUSY_SHARE) refuse('the event loop is late');
      inFlight += 1;
      try {
        return await work();
      } finally {
        inFlight -= 1;
      }
    },
    stop: () => clearInterval(timer),
  };
}
