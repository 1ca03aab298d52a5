// One writer for each audit file: two would fork its chain. The lock is the kernel's, taken through SQLite on a file beside it,
// so it ends with its holder however that dies: there is no stale lock to judge by a pid that may have been given out again.
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const SQLITE_BUSY = 5;
/** Whoever can read a file can hold a lock on it, and nobody would write the audit. */
const OWNER_ONLY = 0o600;

export interface FileLock {
  release(): void;
}

/** Takes the lock of the audit file at `path`; its `.lock` file stays behind, empty.
 * @throws {Error} when a living writer holds it */
export function lockFile(path: string): FileLock {
  const lockPath = `${path}.lock`;
  createOwnerOnly(lockPath);
  const database = new DatabaseSync(lockPath, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    if (!isBusy(cause)) throw cause;
    // Without the words of SQLite: there is no database that anybody knows of.
    throw new Error(
      `another process writes ${path}, perhaps this server, started before: each needs an audit.file of its own`,
    );
  }
  return { release: () => database.close() };
}

function createOwnerOnly(path: string): void {
  try {
    // Exclusive: to close a file that SQLite holds in this process would drop its lock (POSIX fcntl).
    closeSync(openSync(path, 'wx', OWNER_ONLY));
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause;
  }
}

function isBusy(cause: unknown): boolean {
  return cause instanceof Error && 'errcode' in cause && cause.errcode === SQLITE_BUSY;
}
