// How long a renewed token lasts, and how long its chain can go on: what was promised, and no more than policy grants by now.
import { type GrantedTargets, longestLifetimeSeconds } from '../decision/granted-targets.ts';
import { ExchangeFailure } from '../failure.ts';
import type { Instant } from '../instant.ts';
import type { Renewal } from '../token/token-spec.ts';
import { type Renewable, type RenewalBasis, refuse } from './renewable.ts';

/** When the first token of the chain was issued, if the record still tells. */
function begunAtOf({ entry, renewal }: Renewable): Instant | undefined {
  return renewal.begunAt ?? (renewal.count === 0 ? entry.issuedAt : undefined);
}

/** The terms of the next renewal. */
export function nextTerms(renewable: Renewable): Renewal {
  const { renewal } = renewable;
  const begunAt = begunAtOf(renewable);
  return { ...renewal, count: renewal.count + 1, ...(begunAt !== undefined && { begunAt }) };
}

/** The absolute end: what was promised, and no more than the rows grant by now. */
function decideEnd(
  { evidence: { subject: token }, now }: RenewalBasis,
  granted: GrantedTargets,
  renewable: Renewable,
): Instant {
  const hasEnded = now >= token.lifetime.notOnOrAfter;
  const begunAt = begunAtOf(renewable) ?? now;
  const ends = granted.map(({ row: { id, grant } }) => {
    if (!grant.renewal) refuse('no policy row grants renewal any more');
    if (hasEnded && grant.renewal.afterExpiry !== true)
      refuse(`policy row ${id} grants none after expiry any more`);
    return begunAt + grant.renewal.lifetimeSeconds;
  });
  const end = Math.min(renewable.renewal.notOnOrAfter, ...ends);
  return now < end ? end : refuse('the rows grant no renewal for so long any more');
}

/** When the renewed token ends.
 * @throws {ExchangeFailure} `renewal-not-possible`, `lifetime-not-possible` */
export function decideRenewedExpiry(
  basis: RenewalBasis,
  granted: GrantedTargets,
  renewable: Renewable,
): Instant {
  const { evidence, now } = basis;
  const { request } = evidence;
  const notOnOrAfter = decideEnd(basis, granted, renewable);
  const wish = request.lifetimeSeconds ?? Number.POSITIVE_INFINITY;
  const expiry = Math.floor(
    Math.min(now + Math.min(longestLifetimeSeconds(granted), wish), notOnOrAfter),
  );
  if (!(expiry > now))
    throw new ExchangeFailure('lifetime-not-possible', 'nothing is left of the lifetime');
  return expiry;
}
