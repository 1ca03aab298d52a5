// What was validated for one request, the checks that bind it to the requestor, and how conditions see it.
import type { ClaimSet, ClaimValue } from '../claims/claim.ts';
import { ExchangeFailure } from '../failure.ts';
import type { PolicyParty, PolicyQuestion, PolicyRules } from '../policy.ts';
import type { ExchangeRequest } from '../request/exchange-request.ts';
import { isAudience, type RelyingParty } from '../request/relying-party.ts';
import { hasProved, type Requestor, requestorName } from '../request/requestor.ts';
import { SELF, type ValidatedToken } from '../token/security-token.ts';
import { isCredential } from '../token/token-type.ts';
import type { ExpressionContext, ExpressionParty } from './expression.ts';
import { foreignPartyOf } from './known-issuer.ts';

export interface Evidence {
  readonly request: ExchangeRequest;
  readonly subject: ValidatedToken;
  readonly actor: ValidatedToken | undefined;
}

/** Whether a token of ours was issued to this requestor or is addressed to it, under its own name or as a server. */
export function isPartyOf(
  token: Pick<ValidatedToken, 'audiences' | 'originClient'>,
  requestor: Requestor,
  relyingParties: readonly RelyingParty[],
): boolean {
  const name = requestorName(requestor);
  return (
    token.originClient === name ||
    token.audiences.includes(name) ||
    relyingParties.some(
      (party) =>
        (requestor.represents.includes(party.id) || party.servers?.includes(name)) &&
        isAudience(party, token.audiences),
    )
  );
}

function hasOrigin(
  token: ValidatedToken,
  requestor: Requestor,
  relyingParties: readonly RelyingParty[],
): boolean {
  if (token.type === 'requestor') return token.subject.id === requestor.id;
  if (token.trustedIssuer !== SELF || isCredential(token.type)) return true;
  return isIdentity(token, requestor) || isPartyOf(token, requestor, relyingParties);
}

/** Whether the token is the very credential that the requestor came with. Compared by name as well: they may be two objects, of which one
 * has what the ledger knows. */
export const isIdentity = (token: ValidatedToken, { identity }: Requestor): boolean =>
  token === identity ||
  (token.id !== undefined && identity?.id === token.id && identity.trustedIssuer === SELF);

/** Stops a confused deputy: a token of ours is for the client it was issued to and for the servers it is addressed to, as subject token
 * and as actor token. A stolen actor token would name an actor who never acted.
 * @throws {ExchangeFailure} `token-audience-mismatch`; `issuer-untrusted` for a token of others where ours alone are taken */
export function validateOrigin(
  { request, subject, actor }: Evidence,
  relyingParties: readonly RelyingParty[],
): void {
  if (request.isOwnSubjectOnly && subject.trustedIssuer !== SELF)
    throw new ExchangeFailure('issuer-untrusted', 'only a token of ours is taken here');
  const stranger = [subject, actor].some(
    (token) => token && !hasOrigin(token, request.requestor, relyingParties),
  );
  if (stranger)
    throw new ExchangeFailure('token-audience-mismatch', 'a token is not for this requestor');
  validateGrant(subject);
}

/** A grant is made for us (RFC 7521 §5.1), a token of ours for its target. Taken as a grant it would be used up: whoever was shown it
 * could so take it from its client.
 * @throws {ExchangeFailure} `token-audience-mismatch` */
function validateGrant({ audiences, issuer, trustedIssuer, use }: ValidatedToken): void {
  const isOwnGrant = use === 'assertion' && trustedIssuer === SELF;
  if (isOwnGrant && !audiences.includes(issuer))
    throw new ExchangeFailure('token-audience-mismatch', 'a token of ours is no grant');
}

/** A token bound to a key is good only in the hands of whoever proves that key: it never falls back to bearer.
 * @throws {ExchangeFailure} `confirmation-missing` */
export function validateConfirmation({ request, subject, actor }: Evidence): void {
  const isUnproved = [subject, actor].some(
    (token) => token && !hasProved(request.requestor, token.confirmation),
  );
  if (isUnproved)
    throw new ExchangeFailure(
      'confirmation-missing',
      'a bound token came without proof of its key',
    );
}

const partyContext = (token: PolicyParty): ExpressionParty => ({
  issuer: token.subject.issuer,
  id: token.subject.id,
  trustedIssuer: token.trustedIssuer,
  scopes: token.scopes,
});

function claimsContext(set: ClaimSet): Record<string, ClaimValue> {
  const valuesByName = new Map<string, ClaimValue[]>();
  for (const { name, values } of set) {
    const known = valuesByName.get(name);
    if (known) known.push(...values);
    else valuesByName.set(name, [...values]);
  }
  // No prototype: a condition that asks for a claim must never find a method of ours.
  const claims: Record<string, ClaimValue> = Object.create(null) as Record<string, ClaimValue>;
  for (const [name, values] of valuesByName) {
    claims[name] = values.length === 1 ? (values[0] ?? null) : values;
  }
  return claims;
}

const NOBODY: ExpressionParty = { issuer: '', id: '', trustedIssuer: '', scopes: [] };

function requestorInContext({ id, kind, method, identity }: Requestor) {
  return { id, kind, method, claims: claimsContext(identity?.claims ?? []) };
}

/** What a condition may read before anything is asked: the requestor, which is its own subject. */
export function requestorContext(requestor: Requestor): ExpressionContext {
  const { identity } = requestor;
  const seen = requestorInContext(requestor);
  return {
    subject: identity ? partyContext(identity) : NOBODY,
    actor: null,
    requestor: seen,
    target: { id: '' },
    claims: seen.claims,
  };
}

/** Evidence as policy sees it: an actor may be known without a token. */
type SeenEvidence = Pick<Evidence, 'request' | 'subject'> & {
  readonly actor: PolicyParty | undefined;
};

/** What conditions and mapped values may read of this request. */
export function expressionContext(
  { request, subject, actor }: SeenEvidence,
  target: RelyingParty,
): ExpressionContext {
  return {
    subject: partyContext(subject),
    actor: actor ? partyContext(actor) : null,
    requestor: requestorInContext(request.requestor),
    target: { id: target.id },
    claims: claimsContext(subject.claims),
  };
}

/** The policy question for one relying party. */
export function policyQuestion(
  evidence: SeenEvidence,
  target: RelyingParty,
  { issuers }: Pick<PolicyRules, 'issuers'>,
): PolicyQuestion {
  const { request, subject, actor } = evidence;
  const foreign = (token: PolicyParty | undefined) => token && foreignPartyOf(token, issuers);
  return {
    requestor: request.requestor,
    subject,
    actor,
    foreign: {
      requestor: foreign(request.requestor.identity),
      subject: foreign(subject),
      actor: foreign(actor),
    },
    target,
    context: expressionContext(evidence, target),
  };
}
