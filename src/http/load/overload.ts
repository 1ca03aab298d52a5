// Refuses work early while there is more than can be done: a request that waits in line until its client has gone costs as much
// as one that is answered.
import { ExchangeFailure } from '#core/failure.ts';
import { takeOut } from './in-flight.ts';

interface OverloadLimits {
  /** Requests of one process at one time. */
  readonly maxInFlight: number;
  /** How late the event loop may be. */
  readonly maxLoopDelayMilliseconds: number;
}

/** The message of a request, which may still be on its way: a request of node:http is one. */
interface Upload {
  /** Whether all of it is here. */
  readonly complete: boolean;
  destroy(): unknown;
}

export interface OverloadGuard {
  /** Runs the work unless there is too much of it. Who takes long to send what it asks gives way to others.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  run<T>(limits: OverloadLimits, work: () => Promise<T>, upload?: Upload): Promise<T>;
  stop(): void;
}

const SAMPLE_MILLISECONDS = 100;
/** A loop that is late with fewer requests than this share of the bound is late for another reason: refusing would not help. */
const BUSY_SHARE = 0.05;
/** A message of a few kilobytes is here by then. Sent byte by byte, a thousand of them would take every place for half a minute. */
const SLOW_MILLISECONDS = 2000;

interface Begun {
  readonly upload: Upload;
  readonly at: number;
}

/** Messages that may still be on their way. */
function createUploads(now: () => number) {
  const begun: Begun[] = [];
  return {
    add(upload: Upload): Begun {
      const each = { upload, at: now() };
      begun.push(each);
      return each;
    },
    remove: (each: Begun): void => takeOut(begun, each),
    /** Ends the oldest that is slow; false: there is none. */
    endSlow(): boolean {
      const latest = now() - SLOW_MILLISECONDS;
      const slow = begun.filter(({ at, upload }) => at <= latest && !upload.complete);
      const [oldest] = slow.toSorted((one, other) => one.at - other.at);
      if (!oldest) return false;
      // At once: it makes room for one request, not for all that come before it has ended.
      takeOut(begun, oldest);
      oldest.upload.destroy();
      return true;
    },
  };
}

/** Creates the guard; `now` in milliseconds, of a clock that never goes back. */
export function createOverloadGuard(now: () => number = () => performance.now()): OverloadGuard {
  let inFlight = 0;
  let sampledAt = now();
  let delayMilliseconds = 0;
  const uploads = createUploads(now);
  const timer = setInterval(() => {
    const at = now();
    delayMilliseconds = Math.max(at - sampledAt - SAMPLE_MILLISECONDS, 0);
    sampledAt = at;
  }, SAMPLE_MILLISECONDS).unref();

  function refuse(detail: string): never {
    throw new ExchangeFailure('dependency-unavailable', detail, { retryAfterSeconds: 1 });
  }
  return {
    async run({ maxInFlight, maxLoopDelayMilliseconds }, work, upload) {
      if (inFlight >= maxInFlight && !uploads.endSlow()) refuse('too many requests at one time');
      const isLate = delayMilliseconds > maxLoopDelayMilliseconds;
      if (isLate && inFlight > maxInFlight * BUSY_SHARE) refuse('the event loop is late');
      inFlight += 1;
      const begun = upload && uploads.add(upload);
      try {
        return await work();
      } finally {
        inFlight -= 1;
        if (begun) uploads.remove(begun);
      }
    },
    stop: () => clearInterval(timer),
  };
}
