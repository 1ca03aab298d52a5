// Whether the clock of the host went ahead at once of late. What has ended by such a clock may be good again when it is set right, and so
// must be what was written about it. The uptime of the process tells: it stands still while the machine sleeps, which looks the same.
import type { Clock, Instant } from '#core/instant.ts';

/** More than clocks are corrected by while they run. */
const STEP_SECONDS = 60;

/** How long a clock that went ahead is not believed. */
const DOUBT_MILLISECONDS = 3_600_000;

/** The steps of a clock. */
export class ClockSteps {
  readonly #clock: Clock;
  #last: { readonly now: Instant; readonly uptime: number };
  #doubtedUntil = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#last = { now: clock.now(), uptime: performance.now() };
  }

  /** Looks at the clock, and says whether it went ahead within the last hour. */
  isInDoubt(): boolean {
    const [now, uptime] = [this.#clock.now(), performance.now()];
    const aheadSeconds = now - this.#last.now - (uptime - this.#last.uptime) / 1000;
    this.#last = { now, uptime };
    if (aheadSeconds > STEP_SECONDS) this.#doubtedUntil = uptime + DOUBT_MILLISECONDS;
    return uptime < this.#doubtedUntil;
  }
}
