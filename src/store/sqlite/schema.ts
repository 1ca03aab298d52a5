// The tables of the embedded store. Forward only: a step is added at the end and none is ever changed.
import type { DatabaseSync } from 'node:sqlite';
import type { Instant } from '#core/instant.ts';

/** The version written with every value. Readers take this one and the one before. */
export const VALUE_VERSION = 1;

/** What a value table holds and needs alike: rows that end, found by their end. */
const EXPIRING = 'version INTEGER NOT NULL, expires_at INTEGER NOT NULL';

/** All tables whose rows end. */
export const EXPIRING_TABLES = [
  'once',
  'tombstone',
  'rotation',
  'stored_value',
  'counter',
] as const;

// Marks are small and found by a random key only: WITHOUT ROWID saves the second look-up. Values are too big for that.
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE dataset (id TEXT NOT NULL, created_at INTEGER NOT NULL, probes INTEGER NOT NULL) STRICT;
   CREATE TABLE once (key TEXT PRIMARY KEY, attempt TEXT NOT NULL, ${EXPIRING}) STRICT, WITHOUT ROWID;
   CREATE TABLE tombstone (key TEXT PRIMARY KEY, ${EXPIRING}) STRICT, WITHOUT ROWID;
   CREATE TABLE rotation (key TEXT PRIMARY KEY, previous TEXT NOT NULL, current TEXT NOT NULL, ${EXPIRING})
     STRICT, WITHOUT ROWID;
   CREATE TABLE counter (key TEXT PRIMARY KEY, total INTEGER NOT NULL, ${EXPIRING}) STRICT, WITHOUT ROWID;
   CREATE TABLE stored_value (key TEXT PRIMARY KEY, value TEXT NOT NULL, consumed_by TEXT, ${EXPIRING}) STRICT;
   ${EXPIRING_TABLES.map((name) => `CREATE INDEX ${name}_end ON ${name} (expires_at);`).join('\n')}`,
];

/** Whose data the file holds, and since when. */
export interface Dataset {
  readonly id: string;
  readonly createdAt: Instant;
}

const numberOf = (database: DatabaseSync, sql: string): number => {
  const [value] = Object.values(database.prepare(sql).get() ?? {});
  if (typeof value !== 'number') throw new Error(`the embedded store does not answer ${sql}`);
  return value;
};

function assertOurs(database: DatabaseSync, version: number): void {
  if (version > MIGRATIONS.length) {
    throw new Error(
      `the embedded store has schema version ${version}, this release knows ${MIGRATIONS.length}: ` +
        'start the newer release again, or give this one a store of its own',
    );
  }
  if (version === 0 && numberOf(database, 'SELECT count(*) FROM sqlite_schema') > 0) {
    throw new Error('the file of the embedded store is the database of another program');
  }
}

/** What a start would do to the file: make the tables, add to them, or leave them as they are.
 * @throws {Error} when the schema is newer than this release, or not ours */
export function schemaState(database: DatabaseSync): 'empty' | 'older' | 'current' {
  const version = numberOf(database, 'PRAGMA user_version');
  assertOurs(database, version);
  if (version === 0) return 'empty';
  return version === MIGRATIONS.length ? 'current' : 'older';
}

/** Brings the schema up to date in one transaction. The caller holds the lock under which stores are opened.
 * @throws {Error} when the schema is newer than this release, or not ours */
export function migrate(database: DatabaseSync, fresh: Dataset): void {
  const version = numberOf(database, 'PRAGMA user_version');
  assertOurs(database, version);
  if (version === MIGRATIONS.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const step of MIGRATIONS.slice(version)) database.exec(step);
    if (version === 0) {
      const insert = 'INSERT INTO dataset (id, created_at, probes) VALUES (?, ?, 0)';
      database.prepare(insert).run(fresh.id, fresh.createdAt);
    }
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    database.exec('COMMIT');
  } finally {
    if (database.isTransaction) database.exec('ROLLBACK');
  }
}

/** The dataset of an opened store.
 * @throws {Error} when the row is not there */
export function readDataset(database: DatabaseSync): Dataset {
  const row = database.prepare('SELECT id, created_at AS createdAt FROM dataset').get();
  if (!row) throw new Error('the embedded store does not say which dataset it holds');
  return row as unknown as Dataset;
}
