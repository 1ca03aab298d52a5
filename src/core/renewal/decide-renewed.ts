// Policy over a token that is to be renewed: what it says is kept, whether it may still be said is decided anew (WS-Trust 1.3 §5).

import { type Evidence, isIdentity, policyQuestion } from '../decision/evidence.ts';
import {
  decideEncryption,
  decideOmission,
  type GrantedTarget,
  type GrantedTargets,
  longestChain,
} from '../decision/granted-targets.ts';
import { onceMark } from '../decision/once-marks.ts';
import { isSame } from '../delegation/actor-chain.ts';
import { ExchangeFailure } from '../failure.ts';
import { type LedgerEntry, trustOf } from '../ledger/ledger-entry.ts';
import {
  decidingRow,
  isUsedOnce,
  type PolicyRules,
  rowsByActor,
  validateUndenied,
} from '../policy.ts';
import { isAudience, type RelyingParty, resolveTargets } from '../request/relying-party.ts';
import { hasProved, type Requestor, requestorName } from '../request/requestor.ts';
import { SELF, type TokenRef, type ValidatedToken } from '../token/security-token.ts';
import type { Renewal, TokenSpec } from '../token/token-spec.ts';
import { formOf } from '../token/token-type.ts';
import { keptAuthentication, keptKey, requireKept } from './kept-in-renewal.ts';
import { type Renewable, type RenewalBasis, refuse } from './renewable.ts';
import { decideRenewedExpiry, nextTerms } from './renewed-lifetime.ts';

/** A renewal that policy allows. */
export interface RenewedSpec {
  readonly spec: TokenSpec;
  readonly family: TokenRef;
  /** How often the whole chain may be renewed. */
  readonly maxCount: number;
}

/** The terms that were recorded when the token was issued: what a token or a request says of them counts for nothing. */
function requireRenewable({ evidence, entry, isRevoked, now }: RenewalBasis): Renewable {
  const { subject: token } = evidence;
  if (token.trustedIssuer !== SELF) refuse('not a token of ours');
  const hasEnded = now >= token.lifetime.notOnOrAfter;
  // First: on what terms a token could be renewed, and whether it lives, is nobody's business but its holder's.
  if (entry) requireHolder(evidence, entry, hasEnded);
  if (entry && isRevoked) throw new ExchangeFailure('token-revoked', 'own token revoked');
  if (!entry?.renewal) refuse('the token was not issued as renewable');
  const { renewal } = entry;
  if (now >= renewal.notOnOrAfter) refuse('the absolute end of its renewals has come');
  if (hasEnded && !renewal.afterExpiry) refuse('the token has ended');
  return { entry, renewal };
}

// A token of ours names its subject as one of ours, and the ledger knows the requestor by the name of another issuer. Whoever comes with
// that very token and its key is that requestor: else a token that was got with a certificate could not be renewed by itself.
function asIssuedTo(basis: RenewalBasis): RenewalBasis {
  const { evidence, entry } = basis;
  const { request, subject: token } = evidence;
  const { requestor } = request;
  const { identity } = requestor;
  const first = entry?.renewal?.subject;
  const isItself = identity !== undefined && isIdentity(token, requestor);
  if (!first || !isItself || token.confirmation.method === 'bearer') return basis;
  const { id, issuer, trustedIssuer } = first;
  const original: Requestor = {
    ...requestor,
    identity: { ...identity, trustedIssuer, issuer, subject: { ...identity.subject, issuer, id } },
  };
  // The requestor was never the subject of another's evidence.
  if (entry.clientId !== requestorName(original)) return basis;
  return { ...basis, evidence: { ...evidence, request: { ...request, requestor: original } } };
}

/** Whom it was issued to, with proof of its key (WS-Trust 1.3 §5). Of one that is over the record is there for as long as it could be
 * renewed: others get the answer of one that is not on record. A context is none without its record. */
function requireHolder(
  { subject: token, request: { requestor } }: Evidence,
  entry: LedgerEntry,
  hasEnded: boolean,
): void {
  const isOthers = entry.clientId !== requestorName(requestor);
  if (isOthers && hasEnded && token.type !== 'sct') refuse('the token has ended');
  if (isOthers)
    throw new ExchangeFailure('requestor-not-allowed', 'the token was issued to another');
  if (!hasProved(requestor, token.confirmation))
    throw new ExchangeFailure('confirmation-missing', 'the key of the token was not proved');
}

/** Its audiences are kept, and are names of its parties still: another one that has such a name by now was not asked about. An ID token
 * is for its client. */
function requireNamed({ audiences, type }: ValidatedToken, parties: readonly RelyingParty[]): void {
  const isNamed = (audience: string) => parties.some((party) => isAudience(party, [audience]));
  if (type !== 'id_token' && !audiences.every(isNamed))
    throw new ExchangeFailure('target-unknown', 'a relying party of the token has another name');
}

/** The parties it was for. They may be named again; none can be added or left out: the renewed token is for the same. */
function decideParties(
  { evidence: { request, subject } }: RenewalBasis,
  { targets }: LedgerEntry,
  { relyingParties }: PolicyRules,
): readonly RelyingParty[] {
  const parties = targets.map((id) => relyingParties.find((party) => party.id === id));
  if (!parties.every((party) => party !== undefined))
    throw new ExchangeFailure('target-unknown', 'a relying party of the token is gone');
  requireNamed(subject, parties);
  const named =
    request.targets.length === 0
      ? parties
      : resolveTargets(relyingParties, request.targets, undefined);
  if (!named.every((party) => parties.includes(party)))
    throw new ExchangeFailure('target-not-allowed', 'a renewal keeps the targets of the token');
  return parties;
}

/** Who the token is about, as the evidence said that it was first made from: rows name those issuers and types. Its claims are those of
 * the token, since the evidence is gone; a condition that asks for others does not hold. */
function originalSubject(token: ValidatedToken, { subject }: Renewal): ValidatedToken {
  const { id, issuer, trustedIssuer, type, writtenType = type } = subject;
  // A token of ours about a subject of another issuer was evidence of ours, and its `alice` is not ours.
  const origin = trustedIssuer === SELF ? token.issuer : issuer;
  return { ...token, trustedIssuer, type, writtenType, issuer: origin, subject: { issuer, id } };
}

function isOwnSubject({ request }: Evidence, { subject }: Renewal): boolean {
  const { identity } = request.requestor;
  if (subject.type === 'requestor') return true;
  return (
    identity !== undefined &&
    identity.trustedIssuer === subject.trustedIssuer &&
    isSame(identity.subject, subject)
  );
}

function requirePermission(granted: GrantedTargets, evidence: Evidence, renewal: Renewal): void {
  const permission = evidence.subject.actors.length > 0 ? 'delegation' : 'impersonation';
  const isNeeded = permission === 'delegation' || !isOwnSubject(evidence, renewal);
  if (isNeeded && !granted.every(({ row }) => row.grant[permission]))
    throw new ExchangeFailure('delegation-not-allowed', `no ${permission} any more`);
  const isHidden = isNeeded && permission === 'impersonation';
  if (isHidden && granted.some(({ row }) => row.grant.requestorAsActor))
    throw new ExchangeFailure('delegation-not-allowed', 'the requestor is to be seen');
}

function requireGranted({ row: { grant }, party }: GrantedTarget, token: ValidatedToken): void {
  if (party.token.type !== token.type && !grant.types.includes(token.type))
    throw new ExchangeFailure('token-type-unsupported', `${token.type} is not granted any more`);
  const isIn = (scope: string) => grant.scopes.includes(scope) && party.scopes.includes(scope);
  if (!token.scopes.every(isIn))
    throw new ExchangeFailure('scope-not-allowed', 'a scope is not granted any more');
  if (grant.senderConstraint && token.confirmation.method === 'bearer')
    throw new ExchangeFailure('confirmation-missing', 'the policy row wants a key by now');
}

function decideTargets(
  basis: RenewalBasis,
  { entry, renewal }: Renewable,
  rules: PolicyRules,
): GrantedTargets {
  const { evidence } = basis;
  const { request, actor } = evidence;
  const subject = originalSubject(evidence.subject, renewal);
  const byActor = rowsByActor(rules.rows, subject.actors);
  const [first, ...others] = decideParties(basis, entry, rules).map((party): GrantedTarget => {
    const question = policyQuestion({ request, subject, actor }, party, rules);
    validateUndenied(byActor, question, 'an actor');
    return { party, row: decidingRow(rules.rows, question) };
  });
  if (!first) throw new Error('a token without a target');
  return [first, ...others];
}

function requireStillGranted(
  token: ValidatedToken,
  granted: GrantedTargets,
  { maxDepth }: PolicyRules,
): void {
  if (token.actors.length > longestChain(granted, maxDepth))
    throw new ExchangeFailure('delegation-not-allowed', 'the chain of actors is too long by now');
  for (const target of granted) requireGranted(target, token);
}

function maxCountOf(granted: GrantedTargets): number {
  const counts = granted.map(({ row }) => row.grant.renewal?.maxCount ?? 0);
  const maxCount = Math.min(...counts);
  return maxCount > 0 ? maxCount : refuse('no policy row grants renewal any more');
}

/** Where a token of ours is good once, a renewal uses it up: the old one and the new one would be two uses. The mark lasts as long as it
 * could be renewed again: one that ends before lets it in again. */
const usedUp = (token: ValidatedToken, { notOnOrAfter }: Renewal, { rows }: PolicyRules) =>
  isUsedOnce(rows, token)
    ? [onceMark(token, Math.max(token.lifetime.notOnOrAfter, notOnOrAfter))]
    : [];

/** The token anew: its subject, actors, audiences, claims, scopes and key are kept, its terms of renewal too. Only the lifetime
 * is new, and never beyond the absolute end.
 * @throws {ExchangeFailure} `renewal-not-possible`, `requestor-not-allowed`, `confirmation-missing`, `token-revoked`,
 * `token-type-unsupported`, `target-unknown`, `target-not-allowed`, `delegation-not-allowed`, `scope-not-allowed`,
 * `lifetime-not-possible` */
export function decideRenewed(asked: RenewalBasis, rules: PolicyRules): RenewedSpec {
  const basis = asIssuedTo(asked);
  const { evidence, now, tokenId } = basis;
  const { subject: token, request } = evidence;
  const renewable = requireRenewable(basis);
  const { entry, renewal } = renewable;
  requireKept(evidence, renewal);
  const granted = decideTargets(basis, renewable, rules);
  requirePermission(granted, evidence, renewal);
  requireStillGranted(token, granted, rules);
  const maxCount = maxCountOf(granted);
  const notOnOrAfter = decideRenewedExpiry(basis, granted, renewable);
  const confirmation = keptKey(basis);
  const family: TokenRef = { issuer: rules.issuer, id: renewal.family };
  const isFirst = token.id === renewal.family;
  const spec: TokenSpec = {
    type: token.type,
    tokenId,
    issuer: rules.issuer,
    subject: token.subject,
    subjectName: token.subject.id,
    ...keptAuthentication(token, renewal),
    actors: token.actors,
    clientId: entry.clientId,
    audiences: token.audiences,
    ...decideOmission(token.type, token.confirmation, granted),
    relyingParties: entry.targets,
    scopes: token.scopes,
    claims: token.claims,
    issuedAt: now,
    lifetime: { notBefore: now, notOnOrAfter },
    confirmation,
    algorithm: granted[0].party.token.algorithms[formOf(token.type)],
    ...(request.tokenShape !== undefined && { tokenShape: request.tokenShape }),
    ...decideEncryption(token.type, confirmation, granted),
    policyRows: granted.map(({ row }) => row.id),
    // Not from the token before: the line would grow with each renewal. All hang on the first, which is revoked with any of them.
    parents: [family],
    ancestors: isFirst ? [family, ...entry.ancestors] : entry.ancestors,
    root: entry.root ?? family,
    ...trustOf(entry),
    renewal: nextTerms(renewable),
    // Without it a renewal would give back what was used up of the budget, or make a token delegatable that never was.
    ...(token.delegations !== undefined && { delegations: token.delegations }),
    once: usedUp(token, renewal, rules),
  };
  return { spec, family, maxCount };
}
