// Which operation is open to which class. A mark that `set` could overwrite is no mark:
// asking for it is a bug of ours, so it is a plain Error and never a refusal.
import type { StateClass, Store, StoreKey } from '#core/ports.ts';
import { storeKeyText } from './store-key.ts';

export type StoreVerb = Exclude<keyof Store, 'health' | 'close'>;

const VERBS = {
  once: ['putOnce', 'isMarked'],
  revoked: ['revoke', 'isRevoked'],
  rotation: ['rotate'],
  ledger: ['get', 'set', 'setUnlessRevoked'],
  grant: ['get', 'set'],
  counter: ['increment'],
  tally: ['increment'],
  bucket: ['fillBuckets'],
} as const satisfies Record<StateClass, readonly StoreVerb[]>;

/** The text of a key for this operation.
 * @throws {Error} when the operation is not open to the class of the key */
export function keyTextFor(verb: StoreVerb, key: StoreKey): string {
  const verbs: readonly StoreVerb[] = VERBS[key.class];
  if (!verbs.includes(verb)) {
    throw new Error(`the store has no ${verb} for class ${key.class}, only ${verbs.join(', ')}`);
  }
  return storeKeyText(key);
}

/** Whether a value of this class must be on disk before the operation returns. Losing a counter to a power failure costs
 * nothing; losing any other lets a dead credential live. */
export function isDurable(stateClass: StateClass): boolean {
  return stateClass !== 'counter' && stateClass !== 'bucket';
}
