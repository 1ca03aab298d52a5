// Counters over a fixed window that starts at their first use.
import type { DatabaseSync } from 'node:sqlite';
import type { Instant } from '#core/instant.ts';
import { VALUE_VERSION } from './schema.ts';

interface Increment {
  readonly key: string;
  readonly by: number;
  readonly now: Instant;
  readonly expiresAt: Instant;
}

export interface CounterTable {
  add(increment: Increment): number;
}

export function prepareCounterTable(database: DatabaseSync): CounterTable {
  const upsert = database.prepare(
    `INSERT INTO counter (key, total, version, expires_at) VALUES (:key, :by, ${VALUE_VERSION}, :expiresAt)
     ON CONFLICT (key) DO UPDATE SET version = excluded.version,
       total = CASE WHEN counter.expires_at > :now THEN counter.total ELSE 0 END + :by,
       expires_at = CASE WHEN counter.expires_at > :now THEN counter.expires_at ELSE :expiresAt END
     RETURNING total`,
  );
  return {
    add({ key, by, now, expiresAt }) {
      const row = upsert.get({ key, by, now, expiresAt });
      if (!row) throw new Error('a counter gave no sum');
      return Number(row['total']);
    },
  };
}
