// Policy over verified evidence: the only place where a token is granted. Pure.

import { authenticationMember } from '../claims/subject.ts';
import { actorOf, validateMayAct } from '../delegation/actor-chain.ts';
import { decideActors, isOwnSubject, withActingToken } from '../delegation/decide-actors.ts';
import { decideDelegations } from '../delegation/delegation-budget.ts';
import { ExchangeFailure } from '../failure.ts';
import type { Instant } from '../instant.ts';
import { lineageOf } from '../ledger/lineage.ts';
import { decidingRow, type PolicyRules } from '../policy.ts';
import { decideRenewal } from '../renewal/renewal-terms.ts';
import type { ExchangeRequest } from '../request/exchange-request.ts';
import { resolveTargets } from '../request/relying-party.ts';
import { requestorName } from '../request/requestor.ts';
import type { Confirmation } from '../token/confirmation.ts';
import { SELF, type ValidatedToken } from '../token/security-token.ts';
import type { TokenSpec } from '../token/token-spec.ts';
import { formOf, isCredential, type TokenType } from '../token/token-type.ts';
import { type Evidence, policyQuestion, validateConfirmation, validateOrigin } from './evidence.ts';
import {
  decideClaims,
  decideEncryption,
  decideGrantedScopes,
  decideOmission,
  decideType,
  type GrantedTarget,
  type GrantedTargets,
  longestChain,
} from './granted-targets.ts';
import { validateIssuers } from './known-issuer.ts';
import { decideExpiry } from './lifetime.ts';
import { onceMarks } from './once-marks.ts';

function decideTargets(evidence: Evidence, rules: PolicyRules): GrantedTargets {
  const { requestor, targets } = evidence.request;
  const parties = resolveTargets(rules.relyingParties, targets, requestor.defaultTarget);
  const [first, ...others] = parties.map(
    (party): GrantedTarget => ({
      party,
      row: decidingRow(rules.rows, policyQuestion(evidence, party, rules)),
    }),
  );
  if (!first) throw new Error('no target was resolved');
  return [first, ...others];
}

// What was issued bound to a key is not meant for whoever finds what is made of it. A credential binds nothing.
const isFromBoundToken = ({ subject, actor }: Evidence): boolean =>
  [subject, actor].some(
    (token) => token && !isCredential(token.type) && token.confirmation.method !== 'bearer',
  );

function decideConfirmation(evidence: Evidence, granted: GrantedTargets): Confirmation {
  validateConfirmation(evidence);
  const { request } = evidence;
  const confirmation = request.confirmation ?? request.requestor.confirmation;
  const isProved = confirmation.method !== 'bearer' && request.isKeyUnproved !== true;
  if (!isProved && granted.some(({ row }) => row.grant.senderConstraint)) {
    throw new ExchangeFailure('confirmation-missing', 'the policy row wants a key that was proved');
  }
  if (confirmation.method === 'bearer' && isFromBoundToken(evidence))
    throw new ExchangeFailure(
      'confirmation-missing',
      'a bound token does not become a bearer token',
    );
  return confirmation;
}

/** A security context is only a name: we keep what it stands for, above all its secret, and nobody else may know it.
 * @throws {ExchangeFailure} `token-type-unsupported`, `request-malformed` */
function validateContext(
  type: TokenType,
  { method }: Confirmation,
  { keepsSecrets }: PolicyRules,
): void {
  if (type !== 'sct') return;
  if (!keepsSecrets)
    throw new ExchangeFailure('token-type-unsupported', 'there is no place for a context');
  if (method !== 'symmetric-key')
    throw new ExchangeFailure('request-malformed', 'a security context has a secret');
}

/** The name under which a target knows itself in a token of this form. SOAP services compare an audience with the address that was asked
 * for. */
function audienceFor(
  { party }: GrantedTarget,
  type: TokenType,
  { targets }: ExchangeRequest,
): string {
  if (formOf(type) !== 'saml') return party.audience;
  const named = targets.find(
    ({ kind, value }) => kind === 'applies-to' && party.appliesTo.includes(value),
  );
  return named?.value ?? party.appliesTo[0] ?? party.audience;
}

// An ID token speaks to the client that asked for it (OIDC Core §2), all others to the target.
const audiencesOf = (
  type: TokenType,
  granted: GrantedTargets,
  request: ExchangeRequest,
): readonly string[] =>
  type === 'id_token'
    ? [requestorName(request.requestor)]
    : granted.map((target) => audienceFor(target, type, request));

// A validator that sets no prefix gets one: `alice` of two issuers must never be one subject in a token of ours.
const subjectNameOf = ({ subject, subjectPrefix, trustedIssuer }: ValidatedToken): string =>
  `${subjectPrefix ?? (trustedIssuer === SELF ? '' : `${trustedIssuer}:`)}${subject.id}`;

/** Decides one request over validated evidence.
 * @throws {ExchangeFailure} `requestor-not-allowed`, `issuer-untrusted`, `token-audience-mismatch`, `token-malformed`,
 * `delegation-not-allowed`, `confirmation-missing`, `target-unknown`, `target-not-allowed`, `token-type-unsupported`,
 * `scope-not-allowed`, `claim-missing`, `lifetime-not-possible`, `token-expired`, `renewal-not-possible` */
export function decide(
  evidence: Evidence,
  rules: PolicyRules,
  { now, tokenId }: { readonly now: Instant; readonly tokenId: string },
): TokenSpec {
  const { request, subject, actor } = evidence;
  validateOrigin(evidence, rules.relyingParties);
  validateIssuers(subject, rules.issuers, now);
  validateMayAct(subject.mayAct, actor && actorOf(actor), subject.issuer);
  const granted = decideTargets(evidence, rules);
  const { algorithms } = granted[0].party.token;
  const type = decideType(request.requestedType, granted);
  const confirmation = decideConfirmation(evidence, granted);
  validateContext(type, confirmation, rules);
  const renewal = decideRenewal(evidence, granted, { now, tokenId, type });
  const acted = withActingToken(evidence, granted, rules);
  const expiry = decideExpiry(acted, granted, now);
  const isRefresh = type === 'refresh_token' && renewal !== undefined;
  const actors = decideActors(evidence, granted, { rules, type });
  const delegations = decideDelegations(acted, {
    isOwn: isOwnSubject(evidence, rules.issuer),
    chainLeft: longestChain(granted, rules.maxDepth) - actors.length,
  });
  return {
    type,
    tokenId,
    issuer: rules.issuer,
    subject: subject.subject,
    subjectName: subjectNameOf(subject),
    ...authenticationMember(subject, now),
    actors,
    ...(delegations !== undefined && { delegations }),
    clientId: requestorName(request.requestor),
    audiences: audiencesOf(type, granted, request),
    ...decideOmission(type, confirmation, granted),
    relyingParties: granted.map(({ party }) => party.id),
    scopes: decideGrantedScopes(evidence, granted, type),
    claims: decideClaims(evidence, granted, rules.issuer),
    issuedAt: now,
    lifetime: { notBefore: now, notOnOrAfter: isRefresh ? renewal.notOnOrAfter : expiry },
    confirmation,
    algorithm: algorithms[formOf(type)],
    ...(request.tokenShape !== undefined && { tokenShape: request.tokenShape }),
    ...decideEncryption(type, confirmation, granted),
    policyRows: granted.map(({ row }) => row.id),
    ...lineageOf(acted),
    ...(renewal && { renewal }),
    once: onceMarks(evidence, granted),
  };
}
