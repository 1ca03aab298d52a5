// The end of a test, or of all tests of a suite.
import { after } from 'node:test';
import type { Ending } from './server/server.ts';

/** Ends what was begun last first: a server must have stopped before the folder goes that it writes to. */
export function lastFirst(ending: Ending): Ending {
  const steps: (() => Promise<unknown>)[] = [];
  ending.after(async () => {
    for (const step of steps.toReversed()) await step();
  });
  return { after: (step) => void steps.push(step) };
}

/** The end of the suite that this is called in. */
export const endingOfSuite = (): Ending => lastFirst({ after });
