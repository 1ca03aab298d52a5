// What the tests of a suite have in common.
import { after } from 'node:test';
import type { Ending } from './server/server.ts';

/** The end of the suite that this is called in. */
export function endingOfSuite(): Ending {
  const steps: (() => Promise<unknown>)[] = [];
  after(async () => {
    for (const step of steps) await step();
  });
  return { after: (step) => void steps.push(step) };
}
