// Consumed-once marks. The insert decides; there is no statement here that deletes.
import type { DatabaseSync } from 'node:sqlite';
import type { Instant } from '#core/instant.ts';
import type { PutOnce } from '#core/ports.ts';
import { VALUE_VERSION } from '../schema.ts';

interface Mark {
  readonly key: string;
  readonly attempt: string;
  readonly now: Instant;
  readonly expiresAt: Instant;
}

export interface OnceTable {
  /** Runs within a transaction. */
  put(mark: Mark): PutOnce;
  has(key: string, now: Instant): boolean;
}

/** The marks in a database. */
export function prepareOnceTable(database: DatabaseSync): OnceTable {
  // A mark that has ended counts as absent and is replaced by the very statement that finds it.
  const insert = database.prepare(
    `INSERT INTO once (key, attempt, version, expires_at) VALUES (?, ?, ${VALUE_VERSION}, ?)
     ON CONFLICT (key) DO UPDATE SET attempt = excluded.attempt, version = excluded.version,
       expires_at = excluded.expires_at WHERE once.expires_at <= ?`,
  );
  const select = database.prepare('SELECT attempt FROM once WHERE key = ?');
  const standing = database.prepare('SELECT 1 FROM once WHERE key = ? AND expires_at > ?');
  return {
    has: (key, now) => standing.get(key, now) !== undefined,
    put({ key, attempt, now, expiresAt }) {
      if (insert.run(key, attempt, expiresAt, now).changes === 1) return { stored: true };
      const winner = select.get(key);
      if (!winner) throw new Error('a mark that was in the way is gone');
      return { stored: false, attempt: String(winner['attempt']) };
    },
  };
}
