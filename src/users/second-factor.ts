// The second step of a login, where the record asks for one: a one-time password, after the password was right. Guesses count as
// those of passwords do, and each code is good once (RFC 6238 §5.2).
import { ExchangeFailure } from '#core/failure.ts';
import type { UserNameKey } from '#core/request/user-domain.ts';
import { foldUserName } from '#core/request/user-name.ts';
import { createFailureCounter, type FailureCounterSettings } from './lockout/failure-counter.ts';
import type { Lockout } from './lockout/lockout.ts';
import type { LoginQueue } from './lockout/login-queue.ts';
import { type Login, loginFailure, nameLocked } from './login.ts';
import { passwordMark } from './login-mark.ts';
import {
  matchOneTimePassword,
  parseOneTimeSecret,
  STEP_LIFETIME_SECONDS,
} from './one-time-password.ts';
import type { UserRecord } from './user-record.ts';

/** Three of a million codes are good at a time: whoever has a stolen password and guesses slowly enough for the lock-out would have one
 * within months (NIST SP 800-63B §5.2.2). */
const MAX_WRONG_CODES = 100;
const WRONG_CODES_SECONDS = 30 * 86_400;

interface Parts extends Pick<FailureCounterSettings, 'clock' | 'onFailure' | 'store'> {
  /** Kept on top of each one-time mark, for clocks that differ. */
  readonly marginSeconds: number;
  readonly nameKey: UserNameKey;
  readonly lockout: Lockout;
  readonly queue: LoginQueue;
}

/** How a login was proved, by the names of RFC 8176 §2. */
export type ProvedMethods = readonly ['pwd'] | readonly ['pwd', 'otp', 'mfa'];

interface Attempt {
  readonly record: UserRecord;
  readonly secret: string;
  readonly code: string;
  readonly sourceAddress: string | undefined;
}

type SecondFactor = (record: UserRecord, login: Login) => Promise<ProvedMethods>;

/** Creates the step.
 * @throws {ExchangeFailure} from it: `second-factor-required`, `requestor-unauthenticated`, `dependency-unavailable` */
export function createSecondFactor({ lockout, nameKey, queue, ...parts }: Parts): SecondFactor {
  const { clock, marginSeconds, store } = parts;
  const rules = { windowSeconds: WRONG_CODES_SECONDS, subject: 'login-code' };
  const wrongCodes = createFailureCounter({ ...parts, ...rules });

  async function isUnused(id: string, step: number): Promise<boolean> {
    const key = { class: 'once', parts: ['one-time-password', id, String(step)] } as const;
    // An attempt of its own each time: nobody may present the same code again, not even the one who did.
    const lifetimeSeconds = STEP_LIFETIME_SECONDS + marginSeconds;
    const { stored } = await store.putOnce(key, crypto.randomUUID(), lifetimeSeconds);
    return stored;
  }

  /** Why a code is refused, for our log; undefined when it is good. */
  async function verify({ code, record, secret, sourceAddress }: Attempt) {
    const { id } = record;
    // In turn under one name: the guesses that went before may have used up what is allowed.
    const foldedName = foldUserName(nameKey(id));
    return queue.inTurn({ foldedName, sourceAddress }, async () => {
      if (await lockout.isNameLocked(foldedName)) return nameLocked(record).detail;
      // With another password or secret the count begins anew, for whoever guesses and for the user.
      const guessed = passwordMark(record);
      if ((await wrongCodes.count(guessed)) >= MAX_WRONG_CODES)
        return `too many wrong one-time passwords: ${id} needs another password or secret`;
      const step = matchOneTimePassword(parseOneTimeSecret(secret), code, clock.now());
      if (step !== undefined && (await isUnused(id, step))) return undefined;
      await Promise.all([
        lockout.addName(foldedName),
        lockout.addSource(sourceAddress),
        wrongCodes.add(guessed),
      ]);
      return `wrong one-time password of ${id}`;
    });
  }

  return async (record, { oneTimePassword: code, sourceAddress }) => {
    const { oneTimePasswordSecret: secret } = record;
    if (secret === undefined) {
      if (code === undefined) return ['pwd'];
      throw loginFailure(`a one-time password for ${record.id}, who has none`);
    }
    if (code === undefined)
      throw new ExchangeFailure('second-factor-required', `${record.id} has a second factor`);
    const refusal = await verify({ record, secret, code, sourceAddress });
    if (refusal !== undefined) throw loginFailure(refusal);
    return ['pwd', 'otp', 'mfa'];
  };
}
