// Counters over a fixed window that starts at their first use; and leaky buckets, which are rows of the same form: the total is
// the epoch millisecond at which the bucket is empty.
import type { DatabaseSync } from 'node:sqlite';
import type { Instant } from '#core/instant.ts';
import { VALUE_VERSION } from '../schema.ts';

interface Increment {
  readonly key: string;
  readonly by: number;
  readonly now: Instant;
  readonly expiresAt: Instant;
}

interface Fill {
  readonly key: string;
  readonly milliseconds: number;
  readonly mostMilliseconds: number;
  readonly nowMilliseconds: number;
}

export interface CounterTable {
  total(key: string, now: Instant): number;
  add(increment: Increment): number;
  /** Fills a bucket; returns its level in milliseconds. */
  fill(fill: Fill): number;
}

/** The counters and buckets in a database. */
export function prepareCounterTable(database: DatabaseSync): CounterTable {
  const upsert = database.prepare(
    `INSERT INTO counter (key, total, version, expires_at) VALUES (:key, :by, ${VALUE_VERSION}, :expiresAt)
     ON CONFLICT (key) DO UPDATE SET version = excluded.version,
       total = CASE WHEN counter.expires_at > :now THEN counter.total ELSE 0 END + :by,
       expires_at = CASE WHEN counter.expires_at > :now THEN counter.expires_at ELSE :expiresAt END
     RETURNING total`,
  );
  const select = database.prepare(
    'SELECT total FROM counter WHERE key = :key AND expires_at > :now',
  );
  // Numbers are bound as REAL: without the casts the end of a bucket would have a fraction, and the table takes none.
  const pour = database.prepare(
    `INSERT INTO counter (key, total, version, expires_at)
       VALUES (:key, :now + min(:add, :most), ${VALUE_VERSION},
         CAST((:now + min(:add, :most)) / 1000 AS INTEGER) + 1)
     ON CONFLICT (key) DO UPDATE SET version = excluded.version,
       total = min(max(counter.total, :now) + :add, :now + :most),
       expires_at = CAST(min(max(counter.total, :now) + :add, :now + :most) / 1000 AS INTEGER) + 1
     RETURNING total`,
  );
  return {
    fill({ key, milliseconds, mostMilliseconds, nowMilliseconds: now }) {
      const row = pour.get({ key, add: milliseconds, most: mostMilliseconds, now });
      if (!row) throw new Error('a bucket gave no level');
      return Number(row['total']) - now;
    },
    total: (key, now) => Number(select.get({ key, now })?.['total'] ?? 0),
    add({ key, by, now, expiresAt }) {
      const row = upsert.get({ key, by, now, expiresAt });
      if (!row) throw new Error('a counter gave no sum');
      return Number(row['total']);
    },
  };
}
