// After too many failures no password is right until the window ends: by user name, and by source address over all names.
import { sourceBlock } from '#core/request/source-block.ts';
import { createFailureCounter, type FailureCounterSettings } from './failure-counter.ts';

export interface LockoutRules {
  /** Failures under one name in a window; after them no password is right until the window ends. */
  readonly maxFailures: number;
  readonly windowSeconds: number;
  /** The same for one source address over all names; absent: ten times `maxFailures`, for many users share an address. */
  readonly maxFailuresPerSource?: number;
}

export interface Lockout {
  isNameLocked(foldedName: string): Promise<boolean>;
  isSourceLocked(address: string | undefined): Promise<boolean>;
  addName(foldedName: string): Promise<void>;
  addSource(address: string | undefined): Promise<void>;
}

type CounterParts = Omit<FailureCounterSettings, 'windowSeconds' | 'subject'>;

/** Creates the lock-out over two counters. */
export function createLockout(
  { maxFailures, windowSeconds, maxFailuresPerSource = 10 * maxFailures }: LockoutRules,
  parts: CounterParts,
): Lockout {
  const names = createFailureCounter({ ...parts, windowSeconds, subject: 'login-name' });
  const sources = createFailureCounter({ ...parts, windowSeconds, subject: 'login-source' });
  return {
    isNameLocked: async (foldedName) => (await names.count(foldedName)) >= maxFailures,
    isSourceLocked: async (address) =>
      address !== undefined && (await sources.count(sourceBlock(address))) >= maxFailuresPerSource,
    addName: (foldedName) => names.add(foldedName),
    async addSource(address) {
      if (address !== undefined) await sources.add(sourceBlock(address));
    },
  };
}
