// Policy over verified evidence: the only place where a token is granted. Pure.

import type { Confirmation } from '../confirmation.ts';
import { ExchangeFailure } from '../failure.ts';
import type { Instant } from '../instant.ts';
import { lineageOf } from '../ledger/lineage.ts';
import {
  decidingRow,
  type PolicyParty,
  type PolicyQuestion,
  type PolicyRow,
  validateUndenied,
} from '../policy.ts';
import { decideRenewal } from '../renewal/renewal-terms.ts';
import type { ExchangeRequest } from '../request/exchange-request.ts';
import { type RelyingParty, resolveTargets } from '../request/relying-party.ts';
import { type Requestor, requestorName } from '../request/requestor.ts';
import { SELF, type ValidatedToken } from '../security-token.ts';
import { type Actor, authenticationMember } from '../subject.ts';
import type { TokenSpec } from '../token-spec.ts';
import { formOf, isCredential, type TokenType } from '../token-type.ts';
import { type ActorRules, actorChain, actorOf, isSame, validateMayAct } from './actor-chain.ts';
import { foreignPartyOf, validateIssuers } from './actor-issuer.ts';
import { decideDelegations } from './delegation-budget.ts';
import {
  type Evidence,
  expressionContext,
  type SeenEvidence,
  validateConfirmation,
  validateOrigin,
} from './evidence.ts';
import {
  decideClaims,
  decideGrantedScopes,
  decideOmission,
  decideType,
  type GrantedTarget,
  type GrantedTargets,
  longestChain,
} from './granted-targets.ts';
import { decideExpiry } from './lifetime.ts';
import { onceMarks } from './once-marks.ts';

/** The policy in force and what a decision needs beside it. */
export interface PolicyRules extends ActorRules {
  readonly rows: readonly PolicyRow[];
  readonly relyingParties: readonly RelyingParty[];
  /** Whether there is a place for the secrets of tokens. */
  readonly keepsSecrets: boolean;
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

/** Whether the requestor asks for itself. Names alone do not say so: a user may be called like a client. */
function isOwnSubject({ request, subject }: Evidence, issuer: string): boolean {
  const { kind, id, identity } = request.requestor;
  if (subject.type === 'requestor') return true; // origin binding has held it against the requestor
  if (identity) {
    return (
      subject.trustedIssuer === identity.trustedIssuer && isSame(subject.subject, identity.subject)
    );
  }
  return (
    kind === 'client' &&
    subject.trustedIssuer === SELF &&
    subject.originClient === id &&
    isSame(subject.subject, { issuer, id })
  );
}

/** The requestor as a link of the chain: a principal under the name its own issuer gave it. */
function requestorActor({ kind, id, identity }: Requestor, issuer: string): Actor {
  if (kind === 'client') return { issuer, id, clientId: id };
  return identity ? actorOf(identity) : { issuer, id };
}

/** The requestor as rows about actors see it. */
function requestorParty({ id, identity, scopes = [] }: Requestor, issuer: string): PolicyParty {
  const subject = { issuer, id };
  return identity ?? { type: 'requestor', trustedIssuer: SELF, issuer, subject, scopes };
}

/** The actor to show, by the permission that allows it. Impersonation and delegation are granted apart. */
function decideActor(
  evidence: Evidence,
  granted: GrantedTargets,
  { issuer }: PolicyRules,
): Actor | undefined {
  const { request, actor } = evidence;
  const isOwn = isOwnSubject(evidence, issuer);
  // One row that wants the actor seen is enough: the others must not hide it.
  const asActor = !isOwn && granted.some(({ row }) => row.grant.requestorAsActor);
  const shown = actor
    ? actorOf(actor)
    : asActor
      ? requestorActor(request.requestor, issuer)
      : undefined;
  const permission = shown ? 'delegation' : 'impersonation';
  if (!(isOwn && !shown) && !granted.every(({ row }) => row.grant[permission])) {
    throw new ExchangeFailure('delegation-not-allowed', `no policy row grants ${permission}`);
  }
  return shown;
}

/** Holds the requestor against the rows that deny by the actor, for every target: otherwise whoever leaves out the actor token would get
 * past them. */
function validateRequestorAsActor(
  evidence: Evidence,
  granted: GrantedTargets,
  rules: PolicyRules,
): void {
  const seen = { ...evidence, actor: requestorParty(evidence.request.requestor, rules.issuer) };
  for (const { party } of granted)
    validateUndenied(rules.rows, policyQuestion(seen, party, rules), 'the actor');
}

function decideActors(
  evidence: Evidence,
  granted: GrantedTargets,
  { rules, type }: { readonly rules: PolicyRules; readonly type: TokenType },
): readonly Actor[] {
  const actor = decideActor(evidence, granted, rules);
  if (actor && !evidence.actor) validateRequestorAsActor(evidence, granted, rules);
  const actors = actorChain(evidence.subject, actor, {
    ...rules,
    maxDepth: longestChain(granted, rules.maxDepth),
  });
  if (type === 'refresh_token' && actors.length > 0) {
    // It would let the actor go on for ever, long after the evidence of the delegation is gone.
    throw new ExchangeFailure('delegation-not-allowed', 'no refresh token where there is an actor');
  }
  return actors;
}

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

/** Who can decrypt the token, and the secret in it. All targets of one token want the same (`decideType`).
 * @throws {ExchangeFailure} `target-not-allowed` for a secret that its target could not decrypt */
function decideEncryption(
  type: TokenType,
  { method }: Confirmation,
  [{ party }]: GrantedTargets,
): Pick<TokenSpec, 'encryption' | 'keyEncryption'> {
  if (type === 'sct') return {};
  const { encryption, keyEncryption } = party.token;
  if (method === 'symmetric-key' && !keyEncryption)
    throw new ExchangeFailure('target-not-allowed', 'no secret can be encrypted to the target');
  return {
    ...(encryption && formOf(type) === 'saml' && { encryption }),
    ...(keyEncryption && method === 'symmetric-key' && { keyEncryption }),
  };
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
  const clientId = requestorName(request.requestor);
  const confirmation = decideConfirmation(evidence, granted);
  validateContext(type, confirmation, rules);
  const renewal = decideRenewal(evidence, granted, { now, tokenId, type });
  const expiry = decideExpiry(evidence, granted, now);
  const isRefresh = type === 'refresh_token' && renewal !== undefined;
  const actors = decideActors(evidence, granted, { rules, type });
  const delegations = decideDelegations(evidence, {
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
    clientId,
    audiences: audiencesOf(type, granted, request),
    ...decideOmission(type, confirmation, granted),
    relyingParties: granted.map(({ party }) => party.id),
    scopes: decideGrantedScopes(evidence, granted),
    claims: decideClaims(evidence, granted, rules.issuer),
    issuedAt: now,
    lifetime: { notBefore: now, notOnOrAfter: isRefresh ? renewal.notOnOrAfter : expiry },
    confirmation,
    algorithm: algorithms[formOf(type)],
    ...(request.tokenShape !== undefined && { tokenShape: request.tokenShape }),
    ...decideEncryption(type, confirmation, granted),
    policyRows: granted.map(({ row }) => row.id),
    ...lineageOf(evidence),
    ...(renewal && { renewal }),
    once: onceMarks(evidence, granted),
  };
}
