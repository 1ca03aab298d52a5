// One attempt to log in, as it was received, and why it may be refused whatever its password is.
import { ExchangeFailure } from '#core/failure.ts';
import { isPossibleUserName } from '#core/request/user-name.ts';
import { isPossiblePassword } from './password/password.ts';
import type { Candidate } from './user-directory.ts';
import type { UserRecord } from './user-record.ts';

export interface Login {
  readonly name: string;
  readonly password: string;
  /** The second factor, where the front was given one. */
  readonly oneTimePassword?: string;
  /** Where it came from, after the trusted proxies. */
  readonly sourceAddress?: string;
}

/** Why a login is refused. */
export interface LoginRefusal {
  /** For our log. */
  readonly detail: string;
  /** Nothing was compared, so nothing is counted. */
  readonly isLockout: boolean;
}

export const SOURCE_LOCKED: LoginRefusal = {
  detail: 'the source address is locked out',
  isLockout: true,
};
/** Names that nobody has are locked out like others. */
export const nameLocked = (record: UserRecord | undefined): LoginRefusal => ({
  detail: `${record?.id ?? 'the user name'} is locked out`,
  isLockout: true,
});

/** The refusal of a login. All look the same outside; the detail is for our log, and never repeats what was typed: people
 * type passwords into the field of the name. A user is named as the user file does. */
export function loginFailure(detail: string): ExchangeFailure {
  return new ExchangeFailure('requestor-unauthenticated', detail);
}

/** Refuses what no record can match. It is refused at once: that depends on the input alone, so it tells nothing.
 * @throws {ExchangeFailure} `requestor-unauthenticated` */
export function requirePossible({ name, password }: Login): void {
  if (!isPossibleUserName(name)) throw loginFailure('not a possible user name');
  if (!isPossiblePassword(password)) throw loginFailure('not a possible password');
}

/** Whether the record admits a login by password. */
export function admitsPassword(record: UserRecord): boolean {
  const { authenticationMethods = ['pwd'], disabled = false } = record;
  return !disabled && authenticationMethods.includes('pwd');
}

/** Whether the record admits a login by a key: only where it says so. All others log in by password. */
export function admitsKey({ authenticationMethods = [], disabled = false }: UserRecord): boolean {
  return !disabled && authenticationMethods.some((method) => method !== 'pwd');
}

/** Why an attempt is refused whose password was compared; undefined when it is good. */
export function refusalOf(candidate: Candidate, isRight: boolean): LoginRefusal | undefined {
  const failed = (detail: string): LoginRefusal => ({ detail, isLockout: false });
  const { record } = candidate;
  if (!record) return failed('no such user');
  if (!admitsPassword(record))
    return failed(`${record.id} is disabled or not to log in by password`);
  return isRight ? undefined : failed(`wrong password of ${record.id}`);
}
