// How long a token lasts.

import { ExchangeFailure } from '../failure.ts';
import type { Instant } from '../instant.ts';
import type { Evidence } from './evidence.ts';
import { type GrantedTargets, longestLifetimeSeconds } from './granted-targets.ts';

/** The end of the token: the earliest of every row, every target, the subject token, the actor token and the wish.
 * @throws {ExchangeFailure} `lifetime-not-possible`, `token-expired` */
export function decideExpiry(
  { request, subject, actor }: Evidence,
  granted: GrantedTargets,
  now: Instant,
): Instant {
  const wish = request.lifetimeSeconds ?? Number.POSITIVE_INFINITY;
  // Ends are whole seconds: less than one is none.
  if (!(wish >= 1)) throw new ExchangeFailure('lifetime-not-possible', 'no lifetime was asked for');
  const expiry = Math.floor(
    Math.min(
      now + Math.min(longestLifetimeSeconds(granted), wish),
      subject.lifetime.notOnOrAfter,
      actor?.lifetime.notOnOrAfter ?? Number.POSITIVE_INFINITY,
    ),
  );
  // Within the skew a token may still be accepted; a token made from it would be born dead. Written so that NaN is refused:
  // a bound that is no number must not become a token without an end.
  if (!(expiry > now))
    throw new ExchangeFailure('token-expired', 'nothing is left of the lifetime');
  return expiry;
}
