// From a verified assertion and the terms of its issuer to what core knows about a token.

import { type ClaimSet, RESERVED_CLAIMS, UNREAD_ACTOR_CLAIMS } from '#core/claims/claim.ts';
import type { Authentication } from '#core/claims/subject.ts';
import { excerpt } from '#core/failure.ts';
import type { Instant } from '#core/instant.ts';
import type { TokenFacts } from '#core/token/security-token.ts';
import { tokenIdOf } from '../assertion-id.ts';
import { methodsOf } from '../authentication-context.ts';
import type {
  SamlAssertion,
  SamlAuthentication,
  SamlConditions,
} from '../reader/saml-assertion.ts';
import { refuse } from '../refusal.ts';
import { confirmSubject } from './confirm-subject.ts';
import type { SamlEvidence } from './saml-evidence.ts';
import { lastUseOf, validateTimes } from './saml-times.ts';
import type { SamlTerms } from './saml-trust.ts';
import { actorsOf, subjectOf } from './subject-name.ts';

/** Under what circumstances the assertion was presented. */
export interface Circumstances {
  readonly evidence: SamlEvidence;
  readonly terms: SamlTerms;
  readonly now: Instant;
  /** All spellings of our own name. */
  readonly ownNames: readonly string[];
}

/** Validates a verified assertion.
 * @throws {ExchangeFailure} `token-malformed`, `token-audience-mismatch`, `confirmation-missing`, `token-expired`,
 * `token-not-yet-valid`, `token-type-unsupported`, `issuer-untrusted` */
export function factsOf(assertion: SamlAssertion, circumstances: Circumstances): TokenFacts {
  const { evidence, terms, now, ownNames } = circumstances;
  const { type, use } = evidence;
  const { proxyCount } = assertion.conditions;
  const omitsAudience = mayOmitAudience(assertion, circumstances);
  const audiences = omitsAudience ? [] : validateAudiences(assertion.conditions, terms);
  const isRfc7522 = type === 'saml2' && typeof evidence.content === 'string';
  const confirmed = confirmSubject(assertion.confirmations, terms, { now, use, isRfc7522 });
  const { confirmation, notOnOrAfter: confirmedUntil } = confirmed;
  const lifetime = validateTimes(assertion, terms, { now, use, confirmedUntil });
  const presentableUntil = lastUseOf(assertion, lifetime.notOnOrAfter);
  const authentication = authenticationOf(assertion.authentication, terms, now);
  const isOnce = use === 'assertion' || assertion.conditions.isOneTime || terms.singleUse === true;
  return {
    type,
    use,
    issuer: terms.issuer,
    trustedIssuer: terms.id,
    id: ledgerIdOf(assertion, terms),
    subject: subjectOf(assertion, terms),
    subjectPrefix: terms.subjectPrefix,
    ...(authentication && { authentication }),
    claims: claimsOf(assertion, terms),
    scopes: [],
    issuedAt: assertion.issueInstant,
    lifetime,
    confirmation,
    audiences,
    ...(omitsAudience && { omitsAudience }),
    actors: actorsOf(assertion.conditions.delegates, terms, ownNames),
    ...(proxyCount !== undefined && { delegations: proxyCount }),
    ...(presentableUntil > lifetime.notOnOrAfter && { presentableUntil }),
    // Within the skew the assertion is still taken: the mark must outlive that.
    ...(isOnce && { onceUntil: presentableUntil + terms.skewSeconds }),
  };
}

/** Whether the assertion may be without an audience: one of ours of SAML 2.0 that is bound to a public key. The ledger knows whether it was
 * issued so, and for whom. A grant must have one (RFC 7522 §3 rule 2), and so must every assertion of others. */
function mayOmitAudience(
  { conditions, confirmations }: SamlAssertion,
  { evidence: { type, use }, terms }: Circumstances,
): boolean {
  return (
    terms.isOwn &&
    type === 'saml2' &&
    use !== 'assertion' &&
    conditions.audienceRestrictions.length === 0 &&
    confirmations.every(({ method }) => method === 'holder-of-key')
  );
}

/** The audiences. Every restriction must have one of ours (SAML Core 2.0 §2.5.1.4): several are all to be met, and the
 * names within one are alternatives. No restriction is a refusal: it could be replayed at any party. */
function validateAudiences(
  { audienceRestrictions }: SamlConditions,
  terms: SamlTerms,
): readonly string[] {
  const [first = [], ...others] = audienceRestrictions;
  if (first.length === 0) refuse('token-audience-mismatch', 'the assertion names no audience');
  const isOurs = (names: readonly string[]): boolean =>
    names.some((name) => terms.audiences.includes(name));
  if (!terms.isOwn && !audienceRestrictions.every(isOurs))
    refuse(
      'token-audience-mismatch',
      `no audience of the assertion is ours: ${excerpt(audienceRestrictions.flat().join(' '))}`,
    );
  const common = first.filter((name) => others.every((names) => names.includes(name)));
  if (terms.isOwn && common.length === 0)
    refuse('token-audience-mismatch', 'the restrictions have no audience in common');
  return [...new Set(common)];
}

/** The id that the ledger knows. */
function ledgerIdOf({ id }: SamlAssertion, { isOwn }: SamlTerms): string {
  if (!isOwn) return id;
  return tokenIdOf(id) ?? refuse('token-malformed', 'an assertion of ours has another form of id');
}

function authenticationOf(
  authentication: SamlAuthentication | undefined,
  { isOwn, skewSeconds }: SamlTerms,
  now: Instant,
): Authentication | undefined {
  if (!authentication) return undefined;
  // A login of the future would be a fresh one for ever. Ours tell of none that is later than they are.
  if (!isOwn && authentication.instant > now + skewSeconds)
    refuse('token-not-yet-valid', 'the instant of the login has not come');
  const methods = methodsOf(authentication.contextClass);
  // Every assertion of ours has a statement, also where we know of no authentication. Its instant is that of issuing:
  // read back, an old login would be a fresh one.
  if (isOwn && methods.contextClass === undefined) return undefined;
  // Some stacks write the first instant of their calendar where they know none.
  const isKnown = authentication.instant >= 0;
  return { ...(isKnown && { instant: authentication.instant }), ...methods };
}

/** A delegation told by an attribute, or its bounds. We do not read it, and without it the token would hide who acts, or let anybody. */
const ACTOR_ATTRIBUTES: ReadonlySet<string> = new Set(['act', 'may_act', ...UNREAD_ACTOR_CLAIMS]);

function claimsOf({ attributes }: SamlAssertion, { issuer }: SamlTerms): ClaimSet {
  if (attributes.some(({ name }) => ACTOR_ATTRIBUTES.has(name)))
    refuse('token-type-unsupported', 'an attribute tells of an actor');
  return attributes
    .filter(({ name }) => !RESERVED_CLAIMS.has(name))
    .map(({ name, values, originalIssuer = issuer }) => ({ name, values, issuer, originalIssuer }));
}
