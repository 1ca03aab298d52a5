// Tables of refusals: the rule, the change that breaks it, and the problems that tell of it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Change, errorsOf, first, type World } from './document.ts';

export interface Refusal {
  readonly rule: string;
  readonly change: Change;
  readonly errors: readonly string[];
  readonly world?: World;
}

/** Refusals in this world, each told by one problem. */
export const refusedIn =
  (world: World) =>
  (rule: string, change: Change, error: string): Refusal => ({
    rule,
    change,
    errors: [error],
    world,
  });

/** A test for each refusal. */
export function refuses(section: string, refusals: readonly Refusal[]): void {
  describe(`Configuration: ${section}`, () => {
    for (const { rule, change, errors, world } of refusals) {
      it(rule, async () => assert.deepEqual(await errorsOf(change, world), errors));
    }
  });
}

/** Changes the relying party. */
export const party: (change: Record<string, unknown>) => Change = (change) => (document) => {
  document.relyingParties = [{ ...first(document.relyingParties), ...change }];
};
