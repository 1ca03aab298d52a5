// A directory for one test with the embedded stores opened in it. All are closed and cleared away together.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '#core/instant.ts';
import {
  type OpenedSqliteStore,
  openSqliteStore,
  type SqliteStoreOptions,
} from '#src/store/sqlite/open-sqlite-store.ts';
import { SqliteStore } from '#src/store/sqlite/sqlite-store.ts';
import { FilePlace, openDatabase } from '#src/store/sqlite/store-file.ts';
import { fakeClock } from '#test/support/fake-clock.ts';

interface StoreOnDatabase {
  readonly store: SqliteStore;
  readonly database: DatabaseSync;
}

export interface StoreDirectory {
  readonly path: string;
  open(options?: Partial<SqliteStoreOptions>): OpenedSqliteStore;
  /** A store over a connection that the test can reach. The file must be there. */
  openReachable(options?: { clock?: Clock; isReadOnly?: boolean }): StoreOnDatabase;
  /** A plain connection to the file, as another process would have. */
  connect(): DatabaseSync;
  dispose(): Promise<void>;
}

export function aStoreDirectory(): StoreDirectory {
  const directory = mkdtempSync(join(tmpdir(), 'viaduct-store-'));
  const path = join(directory, 'viaduct.db');
  const stores: SqliteStore[] = [];
  const databases: DatabaseSync[] = [];
  return {
    path,
    open(options = {}) {
      const opened = openSqliteStore({ path, clock: fakeClock(), ...options });
      stores.push(opened.store);
      return opened;
    },
    openReachable({ clock = fakeClock(), isReadOnly = false } = {}) {
      const database = isReadOnly
        ? new DatabaseSync(path, { readOnly: true })
        : openDatabase(path, 0);
      const store = new SqliteStore({
        database,
        place: new FilePlace(path),
        clock,
        busyTimeoutMilliseconds: 20,
        sweepIntervalSeconds: 0,
      });
      stores.push(store);
      return { store, database };
    },
    connect() {
      const database = new DatabaseSync(path);
      databases.push(database);
      return database;
    },
    async dispose() {
      for (const database of databases) if (database.isOpen) database.close();
      await Promise.all(stores.map((store) => store.close()));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
