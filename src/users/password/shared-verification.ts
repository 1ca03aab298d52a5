// The verification of passwords: in turn under one name, in a slot, once for equal logins. A password that is compared costs the
// same whatever the record is; while a name or a source is locked out none is compared.
import type { Lockout } from '../lockout/lockout.ts';
import type { LoginQueue } from '../lockout/login-queue.ts';
import { type LoginRefusal, nameLocked, refusalOf, SOURCE_LOCKED } from '../login.ts';
import type { Candidate } from '../user-directory.ts';
import { type DeriveKey, verifyPassword } from './password.ts';
import type { VerifiedCache } from './verified-cache.ts';

/** A login on its way. */
interface Attempt {
  readonly candidate: Candidate;
  /** Equal for equal logins (`verified-cache.ts`). */
  readonly loginName: string;
  readonly password: string;
  readonly foldedName: string;
  readonly sourceAddress: string | undefined;
  /** It was good a moment ago, longer than it is remembered. */
  readonly wasGood: boolean;
}

/** Resolves to why the login is refused, for our log, or to undefined when it is good. A failure is counted when it resolves.
 * @throws {ExchangeFailure} `dependency-unavailable` when too many wait */
export type Verification = (attempt: Attempt) => Promise<LoginRefusal | undefined>;

interface Parts {
  readonly cache: VerifiedCache;
  readonly lockout: Lockout;
  readonly queue: LoginQueue;
  readonly deriveKey: DeriveKey;
}

async function count(
  lockout: Lockout,
  { foldedName, sourceAddress }: Pick<Attempt, 'foldedName' | 'sourceAddress'>,
): Promise<void> {
  await Promise.all([lockout.addName(foldedName), lockout.addSource(sourceAddress)]);
}

function createVerification({ cache, lockout, queue, deriveKey }: Parts): Verification {
  async function compare(attempt: Attempt): Promise<LoginRefusal | undefined> {
    // Those of this source that went before may have used up its failures: a burst of many names is no way round.
    if (await lockout.isSourceLocked(attempt.sourceAddress)) return SOURCE_LOCKED;
    const { candidate, password } = attempt;
    const isRight = await verifyPassword(candidate.encoded, password, deriveKey);
    const refusal = refusalOf(candidate, isRight);
    if (refusal) await count(lockout, attempt);
    else cache.add(attempt.loginName);
    return refusal;
  }
  async function verify(attempt: Attempt): Promise<LoginRefusal | undefined> {
    // Asked again in turn: the logins that went before may have used up the failures since.
    if (await lockout.isNameLocked(attempt.foldedName)) return nameLocked(attempt.candidate.record);
    return queue.inSlot(attempt.sourceAddress, () => compare(attempt));
  }
  return (attempt) => queue.inTurn(attempt, () => verify(attempt));
}

/** Creates the verification. Equal logins of one source at one time share one computation; each that fails counts. Those that were good a
 * moment ago do not wait for it. */
export function createSharedVerification(parts: Parts): Verification {
  const verify = createVerification(parts);
  const running = new Map<string, Promise<LoginRefusal | undefined>>();

  async function lead(key: string, attempt: Attempt): Promise<LoginRefusal | undefined> {
    const own = verify(attempt).finally(() => running.delete(key));
    running.set(key, own);
    return own;
  }

  return async (attempt) => {
    const key = `${attempt.loginName} ${attempt.sourceAddress ?? ''}`;
    const shared = running.get(key);
    if (!shared) return lead(key, attempt);
    // Else all requests of a service that logs in with each would wait at one time, and there is no place for so many.
    if (attempt.wasGood) return undefined;
    const leave = parts.queue.takeShare(attempt.sourceAddress);
    const refusal = await shared.finally(leave);
    if (refusal && !refusal.isLockout) await count(parts.lockout, attempt);
    return refusal;
  };
}
