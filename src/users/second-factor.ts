// The second step of a login, where the record asks for one: a one-time password, after the password was right. Guesses count as
// those of passwords do, and each code is good once (RFC 6238 §5.2).
import { ExchangeFailure } from '#core/failure.ts';
import type { Clock } from '#core/instant.ts';
import type { Store } from '#core/ports.ts';
import type { UserNameKey } from '#core/request/user-domain.ts';
import type { Lockout } from './lockout.ts';
import { type Login, loginFailure } from './login.ts';
import type { LoginQueue } from './login-queue.ts';
import {
  matchOneTimePassword,
  parseOneTimeSecret,
  STEP_LIFETIME_SECONDS,
} from './one-time-password.ts';
import { foldUserName } from './user-name.ts';
import type { UserRecord } from './user-record.ts';

interface Parts {
  readonly nameKey: UserNameKey;
  readonly store: Pick<Store, 'putOnce'>;
  readonly clock: Clock;
  readonly lockout: Lockout;
  readonly queue: LoginQueue;
}

/** How a login was proved, by the names of RFC 8176 §2. */
export type ProvedMethods = readonly ['pwd'] | readonly ['pwd', 'otp', 'mfa'];

interface Attempt {
  readonly id: string;
  readonly secret: string;
  readonly code: string;
  readonly sourceAddress: string | undefined;
}

type SecondFactor = (record: UserRecord, login: Login) => Promise<ProvedMethods>;

/** Creates the step.
 * @throws {ExchangeFailure} from it: `second-factor-required`, `requestor-unauthenticated`, `dependency-unavailable` */
export function createSecondFactor({ nameKey, store, clock, lockout, queue }: Parts): SecondFactor {
  async function isUnused(id: string, step: number): Promise<boolean> {
    const key = { class: 'once', parts: ['one-time-password', id, String(step)] } as const;
    // An attempt of its own each time: nobody may present the same code again, not even the one who did.
    const { stored } = await store.putOnce(key, crypto.randomUUID(), STEP_LIFETIME_SECONDS);
    return stored;
  }

  async function verify({ id, secret, code, sourceAddress }: Attempt): Promise<boolean> {
    // In turn under one name: the guesses that went before may have used up what is allowed.
    const foldedName = foldUserName(nameKey(id));
    return queue.inTurn({ foldedName, sourceAddress }, async () => {
      if (await lockout.isNameLocked(foldedName)) return false;
      const step = matchOneTimePassword(parseOneTimeSecret(secret), code, clock.now());
      const isGood = step !== undefined && (await isUnused(id, step));
      if (!isGood)
        await Promise.all([lockout.addName(foldedName), lockout.addSource(sourceAddress)]);
      return isGood;
    });
  }

  return async (record, { oneTimePassword, sourceAddress }) => {
    const { oneTimePasswordSecret: secret } = record;
    if (secret === undefined) {
      if (oneTimePassword === undefined) return ['pwd'];
      throw loginFailure('a one-time password for a user who has none');
    }
    if (oneTimePassword === undefined)
      throw new ExchangeFailure('second-factor-required', 'the user has a second factor');
    const attempt = { id: record.id, secret, code: oneTimePassword, sourceAddress };
    if (!(await verify(attempt))) throw loginFailure('wrong one-time password');
    return ['pwd', 'otp', 'mfa'];
  };
}
