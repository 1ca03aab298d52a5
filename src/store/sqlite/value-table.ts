// Values: grants, ledger entries, caches. A grant can be consumed, exactly once, and stays consumed whatever is written over it.
import type { DatabaseSync } from 'node:sqlite';
import type { Instant } from '#core/instant.ts';
import type { Consumption } from '#core/ports.ts';
import { VALUE_VERSION } from './schema.ts';
import { assertReadable, type Versioned } from './versioned.ts';

interface ValueRow extends Versioned {
  readonly value: string;
  readonly consumedBy: string | null;
}

interface Entry {
  readonly key: string;
  readonly value: string;
  readonly now: Instant;
  readonly expiresAt: Instant;
}

export interface ValueTable {
  get(key: string, now: Instant): string | undefined;
  set(entry: Entry): void;
  /** Runs within a transaction. */
  consume(key: string, attempt: string, now: Instant): Consumption;
  remove(key: string): void;
}

/** The values in a database. */
export function prepareValueTable(database: DatabaseSync): ValueTable {
  const columns = 'value, consumed_by AS consumedBy, version';
  const select = database.prepare(
    `SELECT ${columns} FROM stored_value WHERE key = ? AND expires_at > ?`,
  );
  const upsert = database.prepare(
    `INSERT INTO stored_value (key, value, version, expires_at) VALUES (?, ?, ${VALUE_VERSION}, ?)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version,
       expires_at = excluded.expires_at,
       consumed_by = CASE WHEN stored_value.expires_at > ? THEN stored_value.consumed_by END`,
  );
  const consume = database.prepare(
    `UPDATE stored_value SET consumed_by = ? WHERE key = ? AND consumed_by IS NULL AND expires_at > ?
     RETURNING ${columns}`,
  );
  const remove = database.prepare('DELETE FROM stored_value WHERE key = ?');

  function find(key: string, now: Instant): ValueRow | undefined {
    const row = select.get(key, now) as ValueRow | undefined;
    if (row) assertReadable(row);
    return row;
  }

  return {
    get: (key, now) => find(key, now)?.value,
    set({ key, value, now, expiresAt }) {
      upsert.run(key, value, expiresAt, now);
    },
    consume(key, attempt, now) {
      const consumed = consume.get(attempt, key, now) as ValueRow | undefined;
      if (consumed) {
        assertReadable(consumed);
        return { outcome: 'consumed', value: consumed.value };
      }
      const standing = find(key, now);
      if (!standing) return { outcome: 'missing' };
      const { consumedBy, value } = standing;
      if (consumedBy === null) throw new Error('a value was neither free nor consumed');
      return { outcome: 'already-consumed', attempt: consumedBy, value };
    },
    remove(key) {
      remove.run(key);
    },
  };
}
