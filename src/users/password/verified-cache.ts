// Logins that were good a moment ago. Holds no password and no hash of one that could be tried elsewhere: keys are HMACs
// under a key that never leaves this process. Only good logins are kept, so a failure never gets cheaper.

import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { putLast } from '#core/bounded-map.ts';
import type { Clock, Instant } from '#core/instant.ts';

/** One login, as the cache and the coalescing of equal logins name it. */
interface LoginParts {
  /** The key of the name. */
  readonly name: string;
  readonly password: string;
}

/** A function that names logins: equal parts, equal name; it tells nothing without the key, which is new in each process. */
export function createLoginNamer(): (parts: LoginParts) => string {
  const key = createSecretKey(randomBytes(32));
  return ({ name, password }) => {
    const hmac = createHmac('sha256', key);
    // Each part carries its length: no two logins run into one name.
    for (const part of [name, password.normalize('NFC')]) {
      hmac.update(`${Buffer.byteLength(part)}:`).update(part);
    }
    return hmac.digest('base64url');
  };
}

export interface VerifiedCache {
  has(loginName: string): boolean;
  add(loginName: string): void;
}

interface Settings {
  readonly clock: Clock;
  readonly lifetimeSeconds: number;
  /** What was verified first goes first, as it would end first; 0 turns the cache off. */
  readonly maxEntries: number;
}

/** An empty cache of this process. */
export function createVerifiedCache(settings: Settings): VerifiedCache {
  const verifiedAt = new Map<string, Instant>();
  return {
    has(loginName) {
      const instant = verifiedAt.get(loginName);
      if (instant === undefined) return false;
      const age = settings.clock.now() - instant;
      // A clock that was set back must not make an entry live longer.
      if (age >= 0 && age < settings.lifetimeSeconds) return true;
      verifiedAt.delete(loginName);
      return false;
    },
    add(loginName) {
      putLast(verifiedAt, [loginName, settings.clock.now()], settings.maxEntries);
    },
  };
}
