// What bounds a renewal besides policy: how far back the store remembers, and how often the chain was renewed.

import type { Fence } from '../decision/fence.ts';
import type { Clock, Instant } from '../instant.ts';
import type { Store } from '../ports.ts';
import type { RenewedSpec } from './decide-renewed.ts';
import { refuse } from './renewable.ts';

interface LimitParts {
  readonly clock: Clock;
  readonly store: Pick<Store, 'increment'>;
  readonly marginSeconds: number;
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
