// What bounds a renewal besides policy: the user behind it, and how often the chain was renewed.

import { ExchangeFailure } from '../failure.ts';
import type { Clock } from '../instant.ts';
import type { Store } from '../ports.ts';
import { SELF } from '../security-token.ts';
import type { RenewalSubject, TokenSpec } from '../token-spec.ts';
import type { RenewedSpec } from './decide-renewed.ts';

export type UserStanding = 'enabled' | 'disabled' | 'unknown';

interface LimitParts {
  readonly clock: Clock;
  readonly store: Pick<Store, 'increment'>;
  readonly marginSeconds: number;
}

interface UserParts {
  readonly userStanding?: (id: string) => UserStanding;
}

/** A token of ours may be about a party of another issuer, or about a client, which no user store knows. */
function standingOf({ id, issuer, trustedIssuer }: RenewalSubject, ours: string, parts: UserParts) {
  if (trustedIssuer !== SELF || issuer !== ours) return undefined;
  return parts.userStanding?.(id) ?? 'unknown';
}

/** Keeps on record that the chain begins with a user, whatever the evidence was. */
export function withUser(spec: TokenSpec, parts: UserParts): TokenSpec {
  const { issuer, renewal } = spec;
  const standing = renewal && standingOf(renewal.subject, issuer, parts);
  if (!renewal || standing === undefined || standing === 'unknown') return spec;
  return { ...spec, renewal: { ...renewal, subject: { ...renewal.subject, isUser: true } } };
}

/** A user who was disabled or removed since gets nothing more.
 * @throws {ExchangeFailure} `renewal-not-possible` */
export function requireUser(subject: RenewalSubject, issuer: string, parts: UserParts): void {
  const standing = standingOf(subject, issuer, parts);
  const isUser = subject.isUser === true || subject.type === 'username';
  if (standing === 'disabled' || (standing === 'unknown' && isUser))
    throw new ExchangeFailure('renewal-not-possible', 'the user is gone');
}

/** Counts the renewals of a whole chain, so that two of the same token count as two.
 * @throws {ExchangeFailure} `renewal-not-possible`, `dependency-unavailable` */
export async function countRenewal(
  { spec, family, maxCount }: RenewedSpec,
  { clock, marginSeconds, store }: LimitParts,
): Promise<void> {
  const key = { class: 'counter', parts: ['renewal', family.issuer, family.id] } as const;
  const end = spec.renewal?.notOnOrAfter ?? spec.lifetime.notOnOrAfter;
  const count = await store.increment(key, 1, end - clock.now() + marginSeconds);
  if (count > maxCount || (spec.renewal?.count ?? 0) > maxCount)
    throw new ExchangeFailure('renewal-not-possible', 'renewed as often as it may be');
}
