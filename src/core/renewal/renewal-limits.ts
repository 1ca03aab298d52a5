// What bounds a renewal besides policy: the user behind it, how far back the store remembers, and how often the chain was renewed.

import type { Fence } from '../decision/fence.ts';
import type { Clock, Instant } from '../instant.ts';
import type { Store } from '../ports.ts';
import { SELF, type ValidatedToken } from '../security-token.ts';
import type { RenewalSubject, TokenSpec } from '../token-spec.ts';
import type { RenewedSpec } from './decide-renewed.ts';
import { refuse } from './renewable.ts';

export type UserStanding = 'enabled' | 'disabled' | 'unknown';

interface LimitParts {
  readonly clock: Clock;
  readonly store: Pick<Store, 'increment'>;
  readonly marginSeconds: number;
}

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

/** What goes on for longer than tokens live outlives their fence: of what is older than the memory of the store nobody knows whether it,
 * or what it was made from, was revoked.
 * @throws {ExchangeFailure} `renewal-not-possible` */
export function requireRemembered(
  issuedAt: Instant | undefined,
  { issuedBefore }: Pick<Fence, 'issuedBefore'>,
): void {
  if ((issuedAt ?? 0) < issuedBefore) refuse('the store does not reach back to this');
}

const USED_UP = 'renewed as often as it may be';

/** Counts the renewals of a whole chain, so that two of the same token count as two.
 * @throws {ExchangeFailure} `renewal-not-possible`, `dependency-unavailable` */
export async function countRenewal(
  { spec, family, maxCount }: RenewedSpec,
  { clock, marginSeconds, store }: LimitParts,
): Promise<void> {
  // First: what is refused for what the token was made from must not take from the others of its chain.
  if ((spec.renewal?.count ?? 0) > maxCount) refuse(USED_UP);
  const key = { class: 'tally', parts: ['renewal', family.issuer, family.id] } as const;
  const end = spec.renewal?.notOnOrAfter ?? spec.lifetime.notOnOrAfter;
  const count = await store.increment(key, 1, end - clock.now() + marginSeconds);
  if (count > maxCount) refuse(USED_UP);
}
