// Whether a token of ours is a credential here: it speaks for its subject in the hands of that subject alone, while they may log in.
import { ExchangeFailure } from '../failure.ts';
import type { UserStanding } from '../ledger/user-standing.ts';
import { principalOf } from '../request/requestor.ts';
import { SELF, type ValidatedToken } from '../token/security-token.ts';
import { isCredential } from '../token/token-type.ts';
import { type KnownIssuer, knownIssuer } from './known-issuer.ts';

/** Whom there is. */
interface KnownParties {
  readonly issuers: readonly KnownIssuer[];
  /** Whether a user of ours may still log in. */
  readonly userStanding: (id: string) => UserStanding;
}

/** The names that tokens of ours have for a requestor, known by its own name. */
function subjectNamesOf(requestorName: string, { issuers }: KnownParties): readonly string[] {
  const principal = principalOf(requestorName);
  if (!principal) return [];
  const { id, trustedIssuer } = principal;
  if (trustedIssuer === SELF) return [id];
  const prefixes = knownIssuer(trustedIssuer, issuers)?.subjectPrefixes ?? [];
  return prefixes.map((prefix) => `${prefix}${id}`);
}

/** Whether the token is about a user of ours who was disabled or removed since. */
function isOfEndedUser(
  { isOfUser, originClient = '', subject: { id } }: ValidatedToken,
  { issuers, userStanding }: KnownParties,
): boolean {
  const standing = userStanding(id);
  if (standing !== 'unknown') return standing === 'disabled';
  if (isOfUser) return true;
  const isOfOthers = issuers.some(({ subjectPrefixes }) =>
    subjectPrefixes.some((prefix) => id.startsWith(prefix)),
  );
  // By a name of ours it was a user who asked.
  return !isOfOthers && principalOf(originClient)?.trustedIssuer === SELF;
}

/** Refuses a token of ours that is no credential. One bound to a key and asked for in the name of another is none: whoever may
 * impersonate a subject towards one target has that key, and could pose as the subject here, towards all targets.
 * @throws {ExchangeFailure} `token-audience-mismatch`; `requestor-unauthenticated` for a user who may not log in any more */
export function validateOwnCredential(token: ValidatedToken, known: KnownParties): ValidatedToken {
  const { confirmation, originClient = '', subject, trustedIssuer, type } = token;
  if (trustedIssuer !== SELF || isCredential(type)) return token;
  // A bearer token is a credential only where the operator takes it from whoever has it.
  const isHeld = confirmation.method !== 'bearer';
  if (isHeld && !subjectNamesOf(originClient, known).includes(subject.id))
    throw new ExchangeFailure('token-audience-mismatch', 'asked for in the name of another');
  if (isOfEndedUser(token, known))
    throw new ExchangeFailure(
      'requestor-unauthenticated',
      'whom it is about may not log in any more',
    );
  return token;
}
