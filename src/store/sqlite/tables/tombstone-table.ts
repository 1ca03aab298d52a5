// Tombstones of revoked tokens, grants and families. They only ever live longer; there is no statement here that deletes.
import type { DatabaseSync } from 'node:sqlite';
import type { Instant } from '#core/instant.ts';
import { VALUE_VERSION } from '../schema.ts';

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
  const select = database.prepare('SELECT 1 FROM tombstone WHERE key = ? AND expires_at > ?');
  return {
    put(keys, expiresAt) {
      for (const key of keys) insert.run(key, expiresAt);
    },
    hasAny: (keys, now) => keys.some((key) => select.get(key, now) !== undefined),
  };
}
