// When an assertion is good (SAML Core 2.0 §2.5.1.2, RFC 7522 §3 rules 4 and 6): one reading of the clock for all rules.

import type { Instant, Lifetime } from '#core/instant.ts';
import type { TokenUse } from '#core/token/security-token.ts';
import type { SamlAssertion } from '../reader/saml-assertion.ts';
import { refuse } from '../refusal.ts';
import type { SamlTerms } from './saml-trust.ts';

interface Moment {
  readonly now: Instant;
  readonly use: TokenUse;
  /** The end of the confirmation that was satisfied. */
  readonly confirmedUntil: Instant | undefined;
}

/** Validates the window and the age of an assertion.
 * @throws {ExchangeFailure} `token-malformed`, `token-expired`, `token-not-yet-valid` */
export function validateTimes(
  assertion: SamlAssertion,
  terms: SamlTerms,
  { now, use, confirmedUntil }: Moment,
): Lifetime {
  const { conditions, issueInstant } = assertion;
  const { skewSeconds } = terms;
  const lifetime = lifetimeOf(assertion, confirmedUntil);
  // The window of the issuer is judged as it stands; a shorter confirmation does not make it malformed.
  if (conditions.notOnOrAfter !== undefined && conditions.notOnOrAfter <= lifetime.notBefore)
    refuse('token-malformed', 'the assertion ends before it begins');
  // What another clock of ours has made is cancelled at once, also where this one is behind: it would be good later.
  if (!(use === 'lifecycle' && terms.isOwn))
    validateWindow(lifetime, issueInstant, { now, skewSeconds });
  if (issueInstant < now - maxAgeOf(terms, use) - skewSeconds)
    refuse('token-expired', 'the assertion is too old');
  return lifetime;
}

function validateWindow(
  { notBefore, notOnOrAfter }: Lifetime,
  issueInstant: Instant,
  { now, skewSeconds }: { readonly now: Instant; readonly skewSeconds: number },
): void {
  // How far, for whoever has to find out which clock is wrong.
  const skew = `and the skew is ${skewSeconds} s`;
  if (now >= notOnOrAfter + skewSeconds)
    refuse('token-expired', `NotOnOrAfter was ${now - notOnOrAfter} s ago, ${skew}`);
  if (notBefore > now + skewSeconds)
    refuse('token-not-yet-valid', `NotBefore is in ${notBefore - now} s, ${skew}`);
  // An assertion of the future was made by a clock that is wrong, or its age would never count.
  if (issueInstant > now + skewSeconds)
    refuse('token-not-yet-valid', `IssueInstant is in ${issueInstant - now} s, ${skew}`);
}

/** The last instant at which any confirmation of the assertion could be satisfied: `lifetimeEnd` is that of the one that was, and another
 * may last longer. A one-time mark that ends before it would let a used assertion in again. */
export function lastUseOf(
  { authentication, conditions, confirmations }: SamlAssertion,
  lifetimeEnd: Instant,
): Instant {
  const never = Number.POSITIVE_INFINITY;
  const end = Math.min(
    conditions.notOnOrAfter ?? never,
    authentication?.sessionNotOnOrAfter ?? never,
  );
  const ends = confirmations.map(({ notOnOrAfter }) => Math.min(notOnOrAfter ?? never, end));
  // One without an end is never accepted, so it does not count.
  return Math.max(lifetimeEnd, ...ends.filter(Number.isFinite));
}

function maxAgeOf({ maxAgeSeconds, assertionMaxAgeSeconds }: SamlTerms, use: TokenUse): number {
  const maxAge = maxAgeSeconds ?? Number.POSITIVE_INFINITY;
  return use === 'assertion' ? Math.min(maxAge, assertionMaxAgeSeconds) : maxAge;
}

function lifetimeOf(
  { conditions, issueInstant, authentication }: SamlAssertion,
  confirmedUntil: Instant | undefined,
): Lifetime {
  const end = Math.min(
    conditions.notOnOrAfter ?? Number.POSITIVE_INFINITY,
    confirmedUntil ?? Number.POSITIVE_INFINITY,
  );
  if (end === Number.POSITIVE_INFINITY) refuse('token-malformed', 'the assertion never ends');
  const sessionEnd = authentication?.sessionNotOnOrAfter ?? Number.POSITIVE_INFINITY;
  return {
    notBefore: conditions.notBefore ?? issueInstant,
    notOnOrAfter: Math.min(end, sessionEnd),
  };
}
