// Takes away rows that have ended. They already count as absent: this only gives their room back.
import type { DatabaseSync } from 'node:sqlite';
import type { Instant } from '#core/instant.ts';
import { EXPIRING_TABLES } from '../schema.ts';

export interface ExpiredRows {
  /** Deletes at most `maxRows` rows and tells how many it were. */
  delete(now: Instant, maxRows: number): number;
}

/** The expired rows of all tables in a database. */
export function prepareExpiredRows(database: DatabaseSync): ExpiredRows {
  const deletions = EXPIRING_TABLES.map((table) =>
    database.prepare(
      `DELETE FROM ${table} WHERE key IN
         (SELECT key FROM ${table} WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
    ),
  );
  return {
    delete(now, maxRows) {
      let deleted = 0;
      for (const deletion of deletions) {
        if (deleted < maxRows) deleted += Number(deletion.run(now, maxRows - deleted).changes);
      }
      return deleted;
    },
  };
}
