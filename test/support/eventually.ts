// Waiting for a state, not for a time: asks until the answer is yes.
import { setTimeout as delay } from 'node:timers/promises';

const PAUSE_MILLISECONDS = 20;
// Only a failure takes this long: a busy machine needs more than one election to replace a master.
const PATIENCE_MILLISECONDS = 120_000;

/** Asks until `isTrue` holds; what it throws means not yet.
 * @throws {Error} when it never did, with the last reason */
export async function eventually(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MILLISECONDS;
  let cause: unknown;
  while (performance.now() < end) {
    try {
      if (await isTrue()) return;
    } catch (reason) {
      cause = reason;
    }
    await delay(PAUSE_MILLISECONDS);
  }
  throw new Error(`never happened: ${what}`, { cause });
}
