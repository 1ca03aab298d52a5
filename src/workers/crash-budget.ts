// How often workers may die before it is no accident any more, and how long to wait before the next is started.

const WINDOW_MILLISECONDS = 60_000;
const MAX_CRASHES = 5;
const FIRST_PAUSE_MILLISECONDS = 100;
const LONGEST_PAUSE_MILLISECONDS = 5000;

interface CrashBudget {
  /** Counts a crash; resolves how long to wait before the restart, or undefined: not again. */
  spend(nowMilliseconds: number): number | undefined;
}

/** A budget for all workers together: what kills one of them is likely to kill the next. */
export function createCrashBudget(): CrashBudget {
  let crashes: readonly number[] = [];
  return {
    spend(now) {
      crashes = [...crashes.filter((at) => now - at < WINDOW_MILLISECONDS), now];
      if (crashes.length > MAX_CRASHES) return undefined;
      const pause = FIRST_PAUSE_MILLISECONDS * 2 ** (crashes.length - 1);
      return Math.min(pause, LONGEST_PAUSE_MILLISECONDS);
    },
  };
}
