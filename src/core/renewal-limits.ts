// What bounds a renewal besides policy: the user behind it, and how often the chain was renewed.
import type { RenewalBasis, RenewedSpec } from './decide-renewed.ts';
import { ExchangeFailure } from './failure.ts';
import type { Clock } from './instant.ts';
import type { Store } from './ports.ts';
import { SELF } from './security-token.ts';

export type UserStanding = 'enabled' | 'disabled' | 'unknown';

interface LimitParts {
  readonly clock: Clock;
  readonly store: Pick<Store, 'increment'>;
  readonly marginSeconds: number;
  readonly userStanding?: (id: string) => UserStanding;
}

/** A user who was disabled or removed since gets nothing more.
 * @throws {ExchangeFailure} `renewal-not-possible` */
export function requireUser({ entry }: RenewalBasis, { userStanding }: LimitParts): void {
  const subject = entry?.renewal?.subject;
  if (subject?.trustedIssuer !== SELF) return;
  const standing = userStanding?.(subject.id) ?? 'unknown';
  // A token of ours may be about a client too, which no user store knows.
  const isGone = subject.type === 'username' ? standing !== 'enabled' : standing === 'disabled';
  if (isGone) throw new ExchangeFailure('renewal-not-possible', 'the user is gone');
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
