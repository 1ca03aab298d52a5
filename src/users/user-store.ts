// Logs users in by password: lock-out, then the cache, then verification, in an order that gives no oracle.
import type { Clock } from '#core/instant.ts';
import type { Store } from '#core/ports.ts';
import type { UserNameKey } from '#core/request/user-domain.ts';
import { foldUserName } from '#core/request/user-name.ts';
import { createLockout, type Lockout, type LockoutRules } from './lockout/lockout.ts';
import { createLoginQueue, type QueueLimits } from './lockout/login-queue.ts';
import {
  admitsPassword,
  type Login,
  loginFailure,
  nameLocked,
  requirePossible,
  SOURCE_LOCKED,
} from './login.ts';
import { passwordMark } from './login-mark.ts';
import { type DeriveKey, deriveScryptKey } from './password/password.ts';
import { createSharedVerification, type Verification } from './password/shared-verification.ts';
import type { VerifiedCache } from './password/verified-cache.ts';
import { createSecondFactor, type ProvedMethods } from './second-factor.ts';
import { type Candidate, createUserDirectory, type UserDirectory } from './user-directory.ts';
import type { UserRecord } from './user-record.ts';

export interface AuthenticatedUser {
  readonly id: string;
  readonly claims: UserRecord['claims'];
  /** How the login was proved. */
  readonly methods: ProvedMethods;
  /** Marks what they logged in with; absent: the store cannot tell. */
  readonly loginMark?: string;
}

export interface UserStore {
  /** @throws {ExchangeFailure} `requestor-unauthenticated`, `second-factor-required`, `dependency-unavailable` */
  authenticate(login: Login): Promise<AuthenticatedUser>;
}

export interface UserStoreSettings {
  readonly records: readonly UserRecord[];
  readonly nameKey: UserNameKey;
  readonly store: Store;
  readonly clock: Clock;
  readonly lockout: LockoutRules;
  /** Kept on top of each one-time mark, for clocks that differ. */
  readonly marginSeconds: number;
  /** The good logins of this process. */
  readonly cache: VerifiedCache;
  /** How long a good login is remembered. Zero: not at all. */
  readonly cacheSeconds: number;
  readonly queue?: QueueLimits;
  /** Told when a failure counter could not be kept in the store. */
  readonly onCounterFailure: (cause: unknown) => void;
  readonly deriveKey?: DeriveKey;
}

const DEFAULT_QUEUE: QueueLimits = { maxConcurrent: 2, maxQueued: 200 };

interface LoginParts extends Pick<UserStoreSettings, 'cache' | 'cacheSeconds' | 'nameKey'> {
  readonly directory: UserDirectory;
  readonly lockout: Lockout;
  readonly verify: Verification;
}

function createLoginStep({ directory, lockout, verify, ...parts }: LoginParts) {
  const { cache, cacheSeconds, nameKey } = parts;
  /** How long ago it was verified, perhaps when the record said otherwise of the user. */
  const ageOf = ({ record }: Candidate, loginName: string): number =>
    (record && admitsPassword(record) ? cache.ageOf(loginName) : undefined) ??
    Number.POSITIVE_INFINITY;

  return async ({ name: spelled, password, sourceAddress }: Login): Promise<Candidate> => {
    // Logins are counted and remembered under the user, whatever the spelling.
    const name = nameKey(spelled);
    const foldedName = foldUserName(name);
    // Both are asked before the cache is: a password remembered as good must not get past a lock-out, nor show through it.
    const [isNameLocked, isSourceLocked] = await Promise.all([
      lockout.isNameLocked(foldedName),
      lockout.isSourceLocked(sourceAddress),
    ]);
    // No computation while locked out, or a flood of guesses would take from others what it can no longer win. That it answers
    // sooner tells of the lock-out, and of nothing else: unknown names are counted and locked like known ones.
    if (isSourceLocked) throw loginFailure(SOURCE_LOCKED.detail);
    const candidate = directory.find(name);
    if (isNameLocked) throw loginFailure(nameLocked(candidate.record).detail);
    const loginName = cache.nameLogin({ name, encoded: candidate.encoded, password });
    const ageSeconds = ageOf(candidate, loginName);
    if (ageSeconds < cacheSeconds) return candidate;
    const wasGood = ageSeconds < 2 * cacheSeconds;
    const attempt = { candidate, loginName, password, foldedName, sourceAddress, wasGood };
    const refusal = await verify(attempt);
    if (refusal) throw loginFailure(refusal.detail);
    return candidate;
  };
}

/** Creates a user store. Other records need another one.
 * @throws {Error} when two records have the same id */
export function createUserStore(settings: UserStoreSettings): UserStore {
  const { cache, clock, store, marginSeconds, nameKey } = settings;
  const directory = createUserDirectory(settings.records, nameKey);
  const { onCounterFailure: onFailure } = settings;
  const lockout = createLockout(settings.lockout, { store, clock, onFailure });
  const queue = createLoginQueue(settings.queue ?? DEFAULT_QUEUE);
  const deriveKey = settings.deriveKey ?? deriveScryptKey;
  const verify = createSharedVerification({ cache, lockout, queue, deriveKey });
  const logIn = createLoginStep({ ...settings, directory, lockout, verify });
  const counted = { clock, lockout, nameKey, onFailure, queue, store };
  const proveSecond = createSecondFactor({ ...counted, marginSeconds });
  return {
    async authenticate(login) {
      requirePossible(login);
      const { record } = await logIn(login);
      if (!record) throw new Error('a login without a record was taken for good');
      const methods = await proveSecond(record, login);
      return { id: record.id, claims: record.claims, methods, loginMark: passwordMark(record) };
    },
  };
}
