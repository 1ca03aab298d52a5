// The users of the configuration: who logs in with a password or by a key, and who may still.

import type { UserStanding } from '#core/ledger/user-standing.ts';
import type { Store } from '#core/ports.ts';
import { createUserNameKey } from '#core/request/user-domain.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import type { Config } from '#src/config/config.ts';
import { admitsKey } from '#src/users/login.ts';
import { keyMark, presentMarks } from '#src/users/login-mark.ts';
import type { VerifiedCache } from '#src/users/password/verified-cache.ts';
import { createUserStore } from '#src/users/user-store.ts';
import { createUserValidator } from '#src/users/user-validator.ts';
import type { Observers } from '../foundation/observers.ts';
import { logSeldom } from '../foundation/seldom-log.ts';
import { marginSeconds } from './clock-margin.ts';

/** The validator of user names and passwords, where the configuration has users. */
export function userValidators(
  config: Config,
  store: Store,
  { clock, goodLogins: cache, logger }: Observers & { readonly goodLogins: VerifiedCache },
): readonly TokenValidator[] {
  if (!config.users) return [];
  const { cacheSeconds, domains, lockout, records } = config.users;
  const nameKey = createUserNameKey(domains);
  const users = createUserStore({
    records,
    nameKey,
    store,
    clock,
    lockout,
    cache,
    cacheSeconds,
    marginSeconds: marginSeconds(config),
    // Each login asks several counters, whoever comes: strangers would fill the disk while the store is away.
    onCounterFailure: logSeldom(clock, (fields) =>
      logger.warn('failed logins are counted locally', fields),
    ),
  });
  const recoverable = new Map(
    records.map(({ id, recoverablePassword }) => [nameKey(id), recoverablePassword]),
  );
  const isKept = records.some((record) => record.recoverablePassword !== undefined);
  const recoverPassword = (name: string) => recoverable.get(nameKey(name));
  return [
    createUserValidator({
      issuer: config.issuer,
      users,
      clock,
      ...(isKept && { recoverPassword }),
    }),
  ];
}

/** Whether a user may still log in. */
export function userStandings({ users }: Config): (id: string) => UserStanding {
  const records = new Map(users?.records.map((record) => [record.id, record]));
  return (id) => {
    const record = records.get(id);
    if (!record) return 'unknown';
    return record.disabled === true ? 'disabled' : 'enabled';
  };
}

/** Whether a user may still log in with what a mark is of. */
export function loginMarks({ users }: Config): (mark: string) => boolean {
  const present = presentMarks(users?.records ?? []);
  return (mark) => present.has(mark);
}

/** Finds a user who may log in by a key. */
export function createKeyUserFinder({ users }: Config) {
  const nameKey = createUserNameKey(users?.domains);
  const records = new Map(users?.records.map((record) => [nameKey(record.id), record]));
  return (name: string) => {
    const record = records.get(nameKey(name));
    return record && admitsKey(record) ? { ...record, loginMark: keyMark(record) } : undefined;
  };
}
