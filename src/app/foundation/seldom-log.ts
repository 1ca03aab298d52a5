// A log of what happens many times a second and is alike each time, such as every command to a store that is away.
import type { Clock } from '#core/instant.ts';

const PAUSE_SECONDS = 30;
/** Of different messages; a message may hold an address or a number. */
const MAX_REMEMBERED = 100;

interface Told {
  readonly at: number;
  untold: number;
}

/** Logs the first failure of each message at once, and then one each half minute, with how many were not told since. */
export function logSeldom(
  clock: Clock,
  log: (fields: Readonly<Record<string, unknown>>) => void,
): (cause: unknown) => void {
  const told = new Map<string, Told>();
  return (cause) => {
    const message = cause instanceof Error ? cause.message : String(cause);
    const now = clock.now();
    const last = told.get(message);
    if (last && now < last.at + PAUSE_SECONDS) {
      last.untold += 1;
      return;
    }
    if (told.size >= MAX_REMEMBERED) told.clear();
    told.set(message, { at: now, untold: 0 });
    log({ cause, ...(last && last.untold > 0 && { untold: last.untold }) });
  };
}
