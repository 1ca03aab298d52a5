// The verification of passwords: in turn under one name, in a slot, once for equal logins. Every refusal costs the same:
// lock-out and record are judged only after the password was compared.
import type { Lockout } from './lockout.ts';
import { refusalOf } from './login.ts';
import type { LoginQueue } from './login-queue.ts';
import { type DeriveKey, verifyPassword } from './password.ts';
import type { Candidate } from './user-directory.ts';

/** A login on its way. */
interface Attempt {
  readonly candidate: Candidate;
  /** Equal for equal logins (`verified-cache.ts`). */
  readonly loginName: string;
  readonly password: string;
  readonly foldedName: string;
  readonly isSourceLocked: boolean;
}

/** Resolves to why the login is refused, for our log, or to undefined when it is good. A refusal is counted when it resolves.
 * @throws {ExchangeFailure} `dependency-unavailable` when too many wait */
export type Verification = (attempt: Attempt) => Promise<string | undefined>;

interface Parts {
  readonly lockout: Lockout;
  readonly queue: LoginQueue;
  readonly deriveKey: DeriveKey;
}

function createVerification({ lockout, queue, deriveKey }: Parts): Verification {
  async function verify(attempt: Attempt): Promise<string | undefined> {
    const { candidate, password, foldedName, isSourceLocked } = attempt;
    // Asked again in turn: the logins that went before may have used up the failures since.
    const isNameLocked = await lockout.isNameLocked(foldedName);
    const isRight = await queue.inSlot(() =>
      verifyPassword(candidate.encoded, password, deriveKey),
    );
    const refusal = refusalOf({ candidate, isNameLocked, isSourceLocked, isRight });
    // A source that is locked out learns nothing, so it must not be able to lock out users either.
    if (refusal !== undefined && !isSourceLocked) await lockout.addName(foldedName);
    return refusal;
  }
  return (attempt) => queue.inTurn(attempt.foldedName, () => verify(attempt));
}

/** Creates the verification. Equal logins at one time share one computation; each that is refused counts as a failure. */
export function createSharedVerification(parts: Parts): Verification {
  const verify = createVerification(parts);
  const running = new Map<string, Promise<string | undefined>>();

  async function lead(key: string, attempt: Attempt): Promise<string | undefined> {
    const own = verify(attempt).finally(() => running.delete(key));
    running.set(key, own);
    return own;
  }

  return async (attempt) => {
    const key = `${attempt.loginName} ${attempt.isSourceLocked}`;
    const shared = running.get(key);
    if (!shared) return lead(key, attempt);
    const refusal = await shared;
    if (refusal !== undefined && !attempt.isSourceLocked) {
      await parts.lockout.addName(attempt.foldedName);
    }
    return refusal;
  };
}
