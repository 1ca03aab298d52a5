// Tombstones of revoked tokens, grants and families. They only ever live longer; there is no statement here that deletes.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Instant } from '#core/instant.ts';
import { VALUE_VERSION } from './schema.ts';

/** Keys looked up by one statement; a chain of tokens is shorter as a rule. */
const MAX_KEYS_PER_LOOKUP = 16;

export interface TombstoneTable {
  /** Runs within a transaction. */
  put(keys: readonly string[], expiresAt: Instant): void;
  hasAny(keys: readonly string[], now: Instant): boolean;
}

/** The tombstones in a database. */
export function prepareTombstoneTable(database: DatabaseSync): TombstoneTable {
  const insert = database.prepare(
    `INSERT INTO tombstone (key, version, expires_at) VALUES (?, ${VALUE_VERSION}, ?)
     ON CONFLICT (key) DO UPDATE SET version = excluded.version,
       expires_at = max(tombstone.expires_at, excluded.expires_at)`,
  );
  const lookups: StatementSync[] = [];

  /** The look-up for so many keys, prepared at its first use. */
  function lookup(count: number): StatementSync {
    lookups[count] ??= database.prepare(
      `SELECT 1 FROM tombstone WHERE key IN (${'?, '.repeat(count - 1)}?) AND expires_at > ? LIMIT 1`,
    );
    return lookups[count];
  }

  return {
    put(keys, expiresAt) {
      for (const key of keys) insert.run(key, expiresAt);
    },
    hasAny(keys, now) {
      for (let start = 0; start < keys.length; start += MAX_KEYS_PER_LOOKUP) {
        const some = keys.slice(start, start + MAX_KEYS_PER_LOOKUP);
        if (lookup(some.length).get(...some, now) !== undefined) return true;
      }
      return false;
    },
  };
}
