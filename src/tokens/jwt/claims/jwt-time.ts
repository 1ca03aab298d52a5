// When a JWT is good (RFC 7519 §4.1.4-6, RFC 7523 §3): one reading of the clock for all rules.
import { ExchangeFailure } from '#core/failure.ts';
import type { Instant, Lifetime } from '#core/instant.ts';
import type { TokenUse } from '#core/token/security-token.ts';
import type { JsonMembers } from '../jws/strict-json.ts';
import type { JwtTerms } from '../jwt-trust.ts';
import { instantClaim } from './claim-reader.ts';

interface Moment {
  readonly now: Instant;
  readonly use: TokenUse;
}

interface Times {
  readonly issuedAt: Instant | undefined;
  readonly lifetime: Lifetime;
}

function parseTimes(claims: JsonMembers): Times {
  const notOnOrAfter = instantClaim(claims, 'exp');
  const issuedAt = instantClaim(claims, 'iat');
  const notBefore = instantClaim(claims, 'nbf') ?? issuedAt ?? 0;
  if (notOnOrAfter === undefined) throw new ExchangeFailure('token-malformed', 'exp is missing');
  if (notOnOrAfter <= notBefore || notOnOrAfter <= (issuedAt ?? 0))
    throw new ExchangeFailure('token-malformed', 'the JWT ends before it begins');
  return { issuedAt, lifetime: { notBefore, notOnOrAfter } };
}

function validateMaxAge(issuedAt: Instant | undefined, oldest: Instant): void {
  if (issuedAt === undefined)
    throw new ExchangeFailure('token-malformed', 'iat is missing, so the age is not known');
  if (issuedAt < oldest) throw new ExchangeFailure('token-expired', 'the JWT is too old');
}

/** An assertion is a grant by itself: it must be young, or end soon when it does not tell its age. */
function validateAssertionAge({ issuedAt, lifetime }: Times, terms: JwtTerms, now: Instant): void {
  const { assertionMaxAgeSeconds, skewSeconds } = terms;
  if (issuedAt !== undefined)
    return validateMaxAge(issuedAt, now - assertionMaxAgeSeconds - skewSeconds);
  if (lifetime.notOnOrAfter > now + assertionMaxAgeSeconds + skewSeconds)
    throw new ExchangeFailure('token-malformed', 'an assertion without iat lives too long');
}

function validateWindow({ issuedAt, lifetime }: Times, now: Instant, skewSeconds: number): void {
  const { notBefore, notOnOrAfter } = lifetime;
  // How far, for whoever has to find out which clock is wrong.
  const skew = `and the skew is ${skewSeconds} s`;
  if (now >= notOnOrAfter + skewSeconds)
    throw new ExchangeFailure('token-expired', `exp was ${now - notOnOrAfter} s ago, ${skew}`);
  if (notBefore > now + skewSeconds)
    throw new ExchangeFailure('token-not-yet-valid', `it begins in ${notBefore - now} s, ${skew}`);
  // A token of the future was made by a clock that is wrong, or its age would never count.
  if (issuedAt !== undefined && issuedAt > now + skewSeconds)
    throw new ExchangeFailure('token-not-yet-valid', `iat is in ${issuedAt - now} s, ${skew}`);
}

/** Validates the window and the age of a token.
 * @throws {ExchangeFailure} `token-malformed`, `token-expired`, `token-not-yet-valid` */
export function validateTimes(claims: JsonMembers, terms: JwtTerms, { now, use }: Moment): Times {
  const times = parseTimes(claims);
  const { issuedAt } = times;
  const { isOwn, maxAgeSeconds, skewSeconds } = terms;
  // What another clock of ours has made is revoked at once, also where this one is behind: it would be good later.
  if (!(use === 'lifecycle' && isOwn)) validateWindow(times, now, skewSeconds);
  if (maxAgeSeconds !== undefined) validateMaxAge(issuedAt, now - maxAgeSeconds - skewSeconds);
  if (use === 'assertion') validateAssertionAge(times, terms, now);
  return times;
}
