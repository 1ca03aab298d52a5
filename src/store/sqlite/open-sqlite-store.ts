// Opens the embedded store: makes or migrates the file, and says whether its memory reaches back far enough.
import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { Clock, Instant } from '#core/instant.ts';
import { type Dataset, migrate, readDataset, schemaState } from './schema.ts';
import { asFailure, isDamage } from './sqlite-failure.ts';
import { SqliteStore } from './sqlite-store.ts';
import {
  assertUndamaged,
  FilePlace,
  openDatabase,
  openDatabaseToRead,
  setAside,
  withOpeningLock,
} from './store-file.ts';

export interface SqliteStoreOptions {
  /** On a local disk: WAL does not work over a network file system. */
  readonly path: string;
  readonly clock: Clock;
  /** How long an operation waits for a write of another process before it is refused. */
  readonly busyTimeoutMilliseconds?: number;
  readonly sweepIntervalSeconds?: number;
}

export interface OpenedSqliteStore {
  readonly store: SqliteStore;
  readonly datasetId: string;
  /** Whether the file was missing or damaged and this call made it. */
  readonly isNew: boolean;
  /** The store remembers nothing from before. Until one acceptance window has passed since then, whatever was issued
   * earlier must be refused, by every process and after every restart: a mark on it may be lost. */
  readonly createdAt: Instant;
  /** Where the damaged file is that stood there before. */
  readonly setAside?: string;
}

const DEFAULT_BUSY_TIMEOUT_MILLISECONDS = 800;
const DEFAULT_SWEEP_INTERVAL_SECONDS = 30;
/** Another process may be migrating. */
const OPENING_TIMEOUT_MILLISECONDS = 10_000;
/** How long one statement waits for a lock, and the event loop with it. Beyond it the commit queue waits, without blocking. */
const LOCK_WAIT_MILLISECONDS = 1;

interface OpenedFile extends Pick<OpenedSqliteStore, 'setAside'> {
  readonly database: DatabaseSync;
  readonly dataset: Dataset;
}

function openFile(path: string, fresh: Dataset): OpenedFile {
  const database = openDatabase(path, OPENING_TIMEOUT_MILLISECONDS);
  try {
    assertUndamaged(database, path);
    migrate(database, fresh);
    database.exec(`PRAGMA busy_timeout = ${LOCK_WAIT_MILLISECONDS}`);
    return { database, dataset: readDataset(database) };
  } catch (cause) {
    database.close();
    throw cause;
  }
}

function openOrReplace({ path }: SqliteStoreOptions, fresh: Dataset): OpenedFile {
  try {
    return openFile(path, fresh);
  } catch (cause) {
    if (!isDamage(cause)) throw cause;
    return { setAside: setAside(path), ...openFile(path, fresh) };
  }
}

/** Opens the store at the path. A missing file is made; a damaged one is set aside and made anew.
 * @throws {Error} when the schema is newer than this release, the file is not ours, or WAL is not possible
 * @throws {ExchangeFailure} `dependency-unavailable` for any error of SQLite */
export function openSqliteStore(options: SqliteStoreOptions): OpenedSqliteStore {
  const { path, clock } = options;
  const busyTimeoutMilliseconds =
    options.busyTimeoutMilliseconds ?? DEFAULT_BUSY_TIMEOUT_MILLISECONDS;
  const sweepIntervalSeconds = options.sweepIntervalSeconds ?? DEFAULT_SWEEP_INTERVAL_SECONDS;
  const fresh: Dataset = { id: randomUUID(), createdAt: clock.now() };
  try {
    return withOpeningLock(path, OPENING_TIMEOUT_MILLISECONDS, () => {
      const { database, dataset, ...how } = openOrReplace(options, fresh);
      const place = new FilePlace(path);
      const durations = { busyTimeoutMilliseconds, sweepIntervalSeconds };
      const store = new SqliteStore({ database, place, clock, ...durations });
      const { id: datasetId, createdAt } = dataset;
      return { store, datasetId, isNew: datasetId === fresh.id, createdAt, ...how };
    });
  } catch (cause) {
    throw asFailure(cause);
  }
}

/** A store that was opened to be read, or why there is nothing in it to read as it is. */
type ReadSqliteStore = { readonly store: SqliteStore } | { readonly state: 'empty' | 'older' };

/** Opens an existing store to read it: nothing is made, migrated, set aside or swept away, and every write is refused.
 * @throws {Error} when the schema is newer than this release, or the file is not ours
 * @throws {DamagedStore}
 * @throws {ExchangeFailure} `dependency-unavailable` for any error of SQLite */
export function readSqliteStore({
  path,
  clock,
}: Pick<SqliteStoreOptions, 'path' | 'clock'>): ReadSqliteStore {
  const database = openDatabaseToRead(path, DEFAULT_BUSY_TIMEOUT_MILLISECONDS);
  try {
    assertUndamaged(database, path);
    const state = schemaState(database);
    if (state !== 'current') {
      database.close();
      return { state };
    }
    const durations = {
      busyTimeoutMilliseconds: DEFAULT_BUSY_TIMEOUT_MILLISECONDS,
      sweepIntervalSeconds: DEFAULT_SWEEP_INTERVAL_SECONDS,
    };
    const place = new FilePlace(path, { isReadOnly: true });
    const store = new SqliteStore({ database, place, clock, ...durations, isReadOnly: true });
    return { store };
  } catch (cause) {
    if (database.isOpen) database.close();
    throw asFailure(cause);
  }
}
