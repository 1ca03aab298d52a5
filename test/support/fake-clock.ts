// A clock that stands still until a test moves it.
import type { Clock, Instant } from '#core/instant.ts';

export interface FakeClock extends Clock {
  advance(seconds: number): void;
  set(instant: Instant): void;
}

/** A clock at `start`: 2027-01-15T08:00:00Z unless the test cares. */
export function fakeClock(start: Instant = 1_800_000_000): FakeClock {
  let instant = start;
  return {
    now: () => instant,
    advance(seconds) {
      instant += seconds;
    },
    set(next) {
      instant = next;
    },
  };
}
