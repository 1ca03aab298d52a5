// Logins that were good a moment ago. Holds no password and no hash of one that could be tried elsewhere: keys are HMACs
// under a key that never leaves this process. Only good logins are kept, so a failure never gets cheaper. It outlives the records: a
// reload that forgot them all would have every user wait for a computation.

import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { putLast } from '#core/foreign/bounded-map.ts';
import type { Clock, Instant } from '#core/instant.ts';

/** One login, as the cache and the coalescing of equal logins name it. */
interface LoginParts {
  /** The key of the name. */
  readonly name: string;
  /** What it is held against: of a record that has another password nothing is remembered. */
  readonly encoded: string;
  readonly password: string;
}

/** A function that names logins: equal parts, equal name; it tells nothing without the key, which is new in each process. */
export function createLoginNamer(): (parts: LoginParts) => string {
  const key = createSecretKey(randomBytes(32));
  return ({ encoded, name, password }) => {
    const hmac = createHmac('sha256', key);
    // Each part carries its length: no two logins run into one name.
    for (const part of [name, encoded, password.normalize('NFC')]) {
      hmac.update(`${Buffer.byteLength(part)}:`).update(part);
    }
    return hmac.digest('base64url');
  };
}

export interface VerifiedCache {
  readonly nameLogin: (parts: LoginParts) => string;
  /** How many seconds ago the login was verified; undefined: nobody remembers. */
  ageOf(loginName: string): number | undefined;
  add(loginName: string): void;
}

const MAX_ENTRIES = 1000;

/** An empty cache of this process. Of too many what was verified first goes first, as it would end first. */
export function createVerifiedCache(clock: Clock, maxEntries = MAX_ENTRIES): VerifiedCache {
  const verifiedAt = new Map<string, Instant>();
  return {
    nameLogin: createLoginNamer(),
    ageOf(loginName) {
      const instant = verifiedAt.get(loginName);
      // A clock that was set back must not make an entry live longer.
      if (instant === undefined || clock.now() < instant) return undefined;
      return clock.now() - instant;
    },
    add(loginName) {
      putLast(verifiedAt, [loginName, clock.now()], maxEntries);
    },
  };
}
