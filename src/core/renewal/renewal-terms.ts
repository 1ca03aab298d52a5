// On what terms the token to be issued can be renewed: only where every row says so, and never without an end.

import { authenticationMember } from '../claims/subject.ts';
import type { Evidence } from '../decision/evidence.ts';
import type { GrantedTargets } from '../decision/granted-targets.ts';
import { ExchangeFailure } from '../failure.ts';
import type { Instant } from '../instant.ts';
import type { ExchangeRequest } from '../request/exchange-request.ts';
import { SELF, type ValidatedToken } from '../token/security-token.ts';
import type { Renewal } from '../token/token-spec.ts';
import { isCredential, type TokenType } from '../token/token-type.ts';

interface Moment {
  readonly now: Instant;
  readonly tokenId: string;
  readonly type: TokenType;
}

/** A token of ours does not begin a chain that outlives its own, or is renewed more often: each end would be followed by another. */
function boundsOf(
  { lifetime, renewableUntil, renewals = 0, trustedIssuer, type }: ValidatedToken,
  now: Instant,
): Pick<Renewal, 'count' | 'notOnOrAfter' | 'begunAt'> {
  if (trustedIssuer !== SELF || isCredential(type))
    return { count: 0, notOnOrAfter: Number.POSITIVE_INFINITY };
  const notOnOrAfter = renewableUntil ?? lifetime.notOnOrAfter;
  return { count: renewals, notOnOrAfter, ...(renewals > 0 && { begunAt: now }) };
}

/** The terms of renewal, if the request wants any. The chain may outlive evidence of others: the terms of the rows are its end.
 * @throws {ExchangeFailure} `renewal-not-possible` when a row does not grant what is more than a wish */
export function decideRenewal(
  { request, subject }: Evidence,
  granted: GrantedTargets,
  { now, tokenId, type }: Moment,
): Renewal | undefined {
  // A refresh token is nothing but a renewal.
  const wanted: ExchangeRequest['renewal'] =
    type === 'refresh_token' ? { afterExpiry: false } : request.renewal;
  if (!wanted) return undefined;
  const { afterExpiry, isWish = false } = wanted;
  if (isWish && granted.some(({ row }) => !row.grant.renewal)) return undefined;
  const seconds = granted.map(({ row }) => {
    const { renewal } = row.grant;
    if (!renewal)
      throw new ExchangeFailure('renewal-not-possible', `policy row ${row.id} grants no renewal`);
    if (afterExpiry && renewal.afterExpiry !== true)
      throw new ExchangeFailure('renewal-not-possible', `${row.id} grants none after expiry`);
    return renewal.lifetimeSeconds;
  });
  const {
    subject: { issuer, id },
    trustedIssuer,
    type: declaredType,
    writtenType,
  } = subject;
  const { notOnOrAfter, ...counted } = boundsOf(subject, now);
  return {
    family: tokenId,
    ...counted,
    afterExpiry,
    notOnOrAfter: Math.min(now + Math.min(...seconds), notOnOrAfter),
    subject: {
      trustedIssuer,
      type: declaredType,
      ...(writtenType && { writtenType }),
      issuer,
      id,
    },
    ...authenticationMember(subject, now),
  };
}
