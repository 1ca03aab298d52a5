// Values: grants and ledger entries. The column `consumed_by` of the table is not used any more.
import type { DatabaseSync } from 'node:sqlite';
import type { Instant } from '#core/instant.ts';
import { VALUE_VERSION } from '../schema.ts';
import { assertReadable, type Versioned } from './versioned.ts';

interface ValueRow extends Versioned {
  readonly value: string;
}

interface Entry {
  readonly key: string;
  readonly value: string;
  readonly expiresAt: Instant;
}

export interface ValueTable {
  get(key: string, now: Instant): string | undefined;
  set(entry: Entry): void;
}

/** The values in a database. */
export function prepareValueTable(database: DatabaseSync): ValueTable {
  const select = database.prepare(
    'SELECT value, version FROM stored_value WHERE key = ? AND expires_at > ?',
  );
  const upsert = database.prepare(
    `INSERT INTO stored_value (key, value, version, expires_at) VALUES (?, ?, ${VALUE_VERSION}, ?)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version,
       expires_at = excluded.expires_at`,
  );
  return {
    get(key, now) {
      const row = select.get(key, now) as ValueRow | undefined;
      if (row) assertReadable(row);
      return row?.value;
    },
    set({ key, value, expiresAt }) {
      upsert.run(key, value, expiresAt);
    },
  };
}
