// Users and user stores for tests. Their scrypt is the real one at a cost that no user file may name, so that it takes no time.
import { randomBytes } from 'node:crypto';
import type { Store } from '#core/ports.ts';
import { createUserNameKey } from '#core/request/user-domain.ts';
import { MemoryStore } from '#src/store/memory/memory-store.ts';
import { writeEncodedPassword } from '#src/users/password/encoded-password.ts';
import { type DeriveKey, deriveScryptKey } from '#src/users/password/password.ts';
import { createVerifiedCache } from '#src/users/password/verified-cache.ts';
import type { UserRecord } from '#src/users/user-record.ts';
import { createUserStore, type UserStoreSettings } from '#src/users/user-store.ts';
import { fakeClock } from '#test/support/fake-clock.ts';

export const LOWEST_COST = { N: 2 ** 14, r: 8, p: 1 };

const deriveQuickly: DeriveKey = (derivation) =>
  deriveScryptKey({ ...derivation, cost: { N: 2, r: 1, p: 1 } });

/** The stored form of a password, as the quick scrypt makes it. */
export async function aPassword(password: string, cost = LOWEST_COST): Promise<string> {
  const salt = randomBytes(16);
  const derivation = { password: Buffer.from(password), salt, lengthBytes: 32, cost };
  return writeEncodedPassword({ cost, salt, hash: await deriveQuickly(derivation) });
}

/** alice, whose password is `correct horse` unless the test cares. */
export async function aUser(changes: Partial<UserRecord> = {}): Promise<UserRecord> {
  return { id: 'alice', password: await aPassword('correct horse'), claims: {}, ...changes };
}

interface Changes extends Partial<Omit<UserStoreSettings, 'clock' | 'deriveKey'>> {
  readonly cacheSize?: number;
  readonly beforeDerivation?: () => void;
}

/** A user store and what it did: `derivations` are the scrypt computations so far, by their cost. */
export function aUserStore(changes: Changes = {}) {
  const clock = fakeClock();
  const store: Store = changes.store ?? new MemoryStore(clock);
  const derivations: number[] = [];
  const parallel = { now: 0, most: 0 };
  const users = createUserStore({
    records: [],
    nameKey: createUserNameKey(),
    onCounterFailure: () => undefined,
    cache: createVerifiedCache(clock, changes.cacheSize),
    cacheSeconds: 60,
    marginSeconds: 0,
    lockout: { maxFailures: 5, windowSeconds: 300 },
    ...changes,
    store,
    clock,
    async deriveKey(derivation) {
      changes.beforeDerivation?.();
      derivations.push(derivation.cost.N);
      parallel.now += 1;
      parallel.most = Math.max(parallel.most, parallel.now);
      try {
        return await deriveQuickly(derivation);
      } finally {
        parallel.now -= 1;
      }
    },
  });
  const failuresOf = (subject: 'login-name' | 'login-source', id: string) =>
    store.increment({ class: 'counter', parts: [subject, id] }, 0, 300);
  return { users, clock, store, derivations, parallel, failuresOf };
}

/** A store whose counters are away while `isAway` says so. */
export function aFailingStore(store: Store, isAway: () => boolean): Store {
  return {
    putOnce: (...parameters) => store.putOnce(...parameters),
    isMarked: (...parameters) => store.isMarked(...parameters),
    revoke: (...parameters) => store.revoke(...parameters),
    isRevoked: (...parameters) => store.isRevoked(...parameters),
    rotate: (...parameters) => store.rotate(...parameters),
    get: (...parameters) => store.get(...parameters),
    set: (...parameters) => store.set(...parameters),
    setUnlessRevoked: (...parameters) => store.setUnlessRevoked(...parameters),
    async increment(...parameters) {
      if (isAway()) throw new Error('the store is away');
      return store.increment(...parameters);
    },
    fillBuckets: (...parameters) => store.fillBuckets(...parameters),
    health: () => store.health(),
    close: () => store.close(),
  };
}
