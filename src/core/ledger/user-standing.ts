// The users behind tokens of ours: whether they are still there, and how a token says that it is about one.
import { refuse } from '../renewal/renewable.ts';
import { SELF, type ValidatedToken } from '../token/security-token.ts';
import type { RenewalSubject, TokenSpec } from '../token/token-spec.ts';

export type UserStanding = 'enabled' | 'disabled' | 'unknown';

interface UserParts {
  readonly userStanding: (id: string) => UserStanding;
}

/** A token of ours may be about a party of another issuer, or about a client, which no user store knows. */
function standingOf({ id, issuer, trustedIssuer }: RenewalSubject, ours: string, parts: UserParts) {
  if (trustedIssuer !== SELF || issuer !== ours) return undefined;
  return parts.userStanding(id);
}

/** Keeps on record that the token, and its chain of renewals, is about a user, whatever the evidence was. What is made of a token of
 * theirs is so, too, where they were removed meanwhile. */
export function withUser(
  spec: TokenSpec,
  { isOfUser, subject: { id, issuer }, trustedIssuer, type }: ValidatedToken,
  parts: UserParts,
): TokenSpec {
  const standing = standingOf({ id, issuer, trustedIssuer, type }, spec.issuer, parts);
  if (!isOfUser && (standing === undefined || standing === 'unknown')) return spec;
  const { renewal } = spec;
  if (!renewal) return { ...spec, isOfUser: true };
  const subject = { ...renewal.subject, isUser: true as const };
  return { ...spec, isOfUser: true, renewal: { ...renewal, subject } };
}

/** A user who was disabled or removed since gets nothing more.
 * @throws {ExchangeFailure} `renewal-not-possible` */
export function requireUser(subject: RenewalSubject, issuer: string, parts: UserParts): void {
  const standing = standingOf(subject, issuer, parts);
  const isUser = subject.isUser === true || subject.type === 'username';
  if (standing === 'disabled' || (standing === 'unknown' && isUser)) refuse('the user is gone');
}
