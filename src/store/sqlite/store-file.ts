// The file of the embedded store: made for the owner only, opened by one process at a time, set aside when it is damaged.
import { closeSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { ExchangeFailure } from '#core/failure.ts';
import type { Instant } from '#core/instant.ts';
import { DamagedStore } from './sqlite-failure.ts';

const OWNER_ONLY_FILE = 0o600;

/** Longest text that the store takes: a value beyond it is refused, not kept. */
const MAX_VALUE_BYTES = 1_048_576;

/** SQLite cuts the write-ahead log back to this after a checkpoint. */
const MAX_IDLE_WAL_BYTES = 16_777_216;

/** The largest file that is read whole at opening: some 100 milliseconds. */
const MAX_CHECKED_BYTES = 33_554_432;

function createOwnerOnly(path: string): void {
  try {
    // Exclusive: to open and close a file that SQLite holds in this process would drop its locks (POSIX fcntl).
    closeSync(openSync(path, 'wx', OWNER_ONLY_FILE));
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause;
    // Not asked of SQLite: it answers with an I/O error, or waits for whoever writes to a pipe.
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === false)
      throw new Error(`${path} is no regular file`, { cause });
  }
}

/** Opens the database file in WAL mode, making it when there is none.
 * @throws {Error} when the file system cannot do WAL, as those over a network cannot */
export function openDatabase(path: string, timeoutMilliseconds: number): DatabaseSync {
  createOwnerOnly(path);
  const database = new DatabaseSync(path, {
    timeout: timeoutMilliseconds,
    limits: { length: MAX_VALUE_BYTES, attach: 0 },
  });
  try {
    const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
    if (mode !== 'wal')
      throw new Error('the embedded store needs a local disk: WAL is not possible');
    database.exec(`PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${MAX_IDLE_WAL_BYTES}`);
    return database;
  } catch (cause) {
    database.close();
    throw cause;
  }
}

/** Opens the database file to read it, and changes none of its bytes. With a log beside it somebody has it open, or did not close it:
 * then the log is read too. Else the file is opened as immutable, or SQLite would make a log. */
export function openDatabaseToRead(path: string, timeoutMilliseconds: number): DatabaseSync {
  const isClosed = statSync(`${path}-wal`, { throwIfNoEntry: false }) === undefined;
  const file = pathToFileURL(path);
  if (isClosed) file.searchParams.set('immutable', '1');
  return new DatabaseSync(file, {
    readOnly: true,
    timeout: timeoutMilliseconds,
    limits: { length: MAX_VALUE_BYTES, attach: 0 },
  });
}

/** Reads the whole file and finds it consistent, unless that would take longer than a start may take.
 * @throws {DamagedStore} */
export function assertUndamaged(database: DatabaseSync, path: string): void {
  if (statSync(path).size > MAX_CHECKED_BYTES) return;
  const verdict = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
  if (verdict !== 'ok') throw new DamagedStore('the file of the embedded store is damaged');
}

/** Runs `work` while no other process opens this store. A lock of SQLite, so that it ends with its process. */
export function withOpeningLock<T>(path: string, timeoutMilliseconds: number, work: () => T): T {
  const lockPath = `${path}.lock`;
  createOwnerOnly(lockPath);
  const lock = new DatabaseSync(lockPath, { timeout: timeoutMilliseconds });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return work();
  } finally {
    lock.close();
  }
}

/** Sets a damaged file aside, for whoever wants to know what happened, and returns its name there. Its log goes with it: it must not
 * be replayed into the new file. */
export function setAside(path: string): string {
  const aside = `${path}.damaged-${statSync(path).ino}`;
  renameSync(path, aside);
  rmSync(`${path}-shm`, { force: true });
  if (statSync(`${path}-wal`, { throwIfNoEntry: false })) renameSync(`${path}-wal`, `${aside}-wal`);
  return aside;
}

/** The database, its log, and what the locks on both are kept in. */
const OPEN_FILES = ['', '-wal', '-shm'] as const;

/** Guards against a file that was deleted or replaced under the open store: what is written to it then, nobody would
 * find again, and marks of the other processes would not be seen. */
export class FilePlace {
  readonly #paths: readonly string[];
  readonly #identity: string;
  #verifiedAt: Instant | undefined;

  /** Of a store that is opened to read it the database alone: others may open and close it meanwhile. */
  constructor(path: string, { isReadOnly = false } = {}) {
    this.#paths = isReadOnly ? [path] : OPEN_FILES.map((ending) => `${path}${ending}`);
    this.#identity = this.#find();
  }

  /** @throws {ExchangeFailure} `dependency-unavailable` when the open file is no longer the one at the path */
  verify(): void {
    if (this.#find() !== this.#identity) {
      throw new ExchangeFailure('dependency-unavailable', 'the file of the store was replaced');
    }
  }

  /** As `verify`, but looks once a second at most.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  verifyEachSecond(now: Instant): void {
    if (this.#verifiedAt === now) return;
    this.verify();
    this.#verifiedAt = now;
  }

  #find(): string {
    const found = this.#paths.map((path) => statSync(path, { throwIfNoEntry: false }));
    return found.map((file) => file && `${file.dev}:${file.ino}`).join();
  }
}
