// What an error of SQLite means to the caller: the outcome is unknown, and unknown is closed.
import { ExchangeFailure } from '#core/failure.ts';

/** The part of an extended result code that names the kind of error. */
const PRIMARY_CODE = 0xff;

const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** The file was read and found broken. */
export class DamagedStore extends Error {}

function sqliteCode(cause: unknown): number | undefined {
  if (!(cause instanceof Error) || !('errcode' in cause)) return undefined;
  return typeof cause.errcode === 'number' ? cause.errcode & PRIMARY_CODE : undefined;
}

/** Whether another process held the lock that was needed. Nothing has happened then. */
export function isBusy(cause: unknown): boolean {
  return sqliteCode(cause) === SQLITE_BUSY;
}

/** Whether the error says that the file is damaged, rather than busy, full or not to be reached. */
export function isDamage(cause: unknown): boolean {
  if (cause instanceof DamagedStore) return true;
  const code = sqliteCode(cause);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}

/** Any error of SQLite (busy, full, I/O) as a refusal; what is no error of SQLite is a bug and stays itself. */
export function asFailure(cause: unknown): unknown {
  const code = sqliteCode(cause);
  if (code === undefined) return cause;
  const detail = `the embedded store failed with SQLite result ${code}`;
  return new ExchangeFailure('dependency-unavailable', detail, { cause });
}
