// Marks of what users log in with. What is issued on a login has its mark on record, and is good while a user has the same.
import { hash } from 'node:crypto';
import { admitsKey, admitsPassword } from './login.ts';
import type { UserRecord } from './user-record.ts';

/** Marks a password and second factor as they are stored. The salt is part of it, 128 random bits or more that only the user file has:
 * whoever has the mark but not the file cannot guess at the password. */
export function passwordMark({ id, oneTimePasswordSecret, password }: UserRecord): string {
  return hash('sha256', JSON.stringify([id, password, oneTimePasswordSecret]), 'base64url');
}

/** Marks that a user logs in by a key. It is no secret, and the same for every key: which one it was, the certificate says. */
export function keyMark({ id }: Pick<UserRecord, 'id'>): string {
  return hash('sha256', JSON.stringify([id]), 'base64url');
}

/** The marks of all that users may log in with. */
export function presentMarks(records: readonly UserRecord[]): ReadonlySet<string> {
  return new Set(
    records.flatMap((record) => [
      ...(admitsPassword(record) ? [passwordMark(record)] : []),
      ...(admitsKey(record) ? [keyMark(record)] : []),
    ]),
  );
}
