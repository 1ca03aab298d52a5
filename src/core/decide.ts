// Policy over verified evidence: the only place where a token is granted. Pure.
import { actorChain, actorOf, validateMayAct } from './actor-chain.ts';
import { mapClaims, mappedClaims } from './claim-mapping.ts';
import type { Confirmation } from './confirmation.ts';
import {
  type Evidence,
  expressionContext,
  validateConfirmation,
  validateOrigin,
} from './evidence.ts';
import { ExchangeFailure } from './failure.ts';
import type { Instant } from './instant.ts';
import { decidingRow, type PolicyQuestion, type PolicyRow } from './policy.ts';
import { type RelyingParty, resolveTargets } from './relying-party.ts';
import { decideScopes, grantableScopes } from './scope.ts';
import type { TokenRef } from './security-token.ts';
import type { Actor } from './subject.ts';
import type { OnceMark, TokenSpec } from './token-spec.ts';
import { formOf, type TokenType } from './token-type.ts';

/** The policy in force and what a decision needs beside it. */
export interface PolicyRules {
  readonly issuer: string;
  readonly rows: readonly PolicyRow[];
  readonly relyingParties: readonly RelyingParty[];
  readonly maxDepth: number;
  readonly selfDelegation: boolean;
}

/** The policy question for one relying party. */
export function policyQuestion(evidence: Evidence, target: RelyingParty): PolicyQuestion {
  const { request, subject, actor } = evidence;
  return {
    requestor: request.requestor,
    subject,
    actor,
    target,
    context: expressionContext(evidence, target),
  };
}

interface Grounds {
  readonly party: RelyingParty;
  readonly row: PolicyRow;
}

const hasSameAlgorithms = (left: RelyingParty['token'], right: RelyingParty['token']): boolean =>
  left.algorithms.jwt === right.algorithms.jwt && left.algorithms.saml === right.algorithms.saml;

function decideType(requested: TokenType | undefined, grounds: readonly Grounds[]): TokenType {
  const [first, ...others] = grounds.map(({ party }) => party.token);
  if (!first) throw new Error('no target was resolved');
  if (others.some((token) => token.type !== first.type || !hasSameAlgorithms(token, first))) {
    throw new ExchangeFailure('target-not-allowed', 'the targets want tokens of different forms');
  }
  const type = requested ?? first.type;
  const isGranted = grounds.every(
    ({ party, row }) => party.token.type === type || row.grant.types.includes(type),
  );
  if (!isGranted)
    throw new ExchangeFailure('token-type-unsupported', `${type} is not granted for this target`);
  return type;
}

/** The actor to show, by the permission that allows it. Impersonation and delegation are granted apart. */
function decideActor(
  evidence: Evidence,
  grounds: readonly Grounds[],
  rules: PolicyRules,
): Actor | undefined {
  const { request, subject, actor } = evidence;
  const requestor: Actor = {
    issuer: rules.issuer,
    id: request.requestor.id,
    clientId: request.requestor.id,
  };
  const isOwn =
    subject.type === 'requestor' ||
    (subject.subject.issuer === rules.issuer && subject.subject.id === requestor.id);
  const asActor = !isOwn && grounds.every(({ row }) => row.grant.requestorAsActor);
  const shown = actor ? actorOf(actor) : asActor ? requestor : undefined;
  const permission = shown ? 'delegation' : 'impersonation';
  if (!(isOwn && !shown) && !grounds.every(({ row }) => row.grant[permission])) {
    throw new ExchangeFailure('delegation-not-allowed', `no policy row grants ${permission}`);
  }
  return shown;
}

function decideExpiry(
  { request, subject, actor }: Evidence,
  grounds: readonly Grounds[],
  now: Instant,
): Instant {
  const seconds = grounds.map(({ party, row }) =>
    Math.min(party.token.lifetimeSeconds, row.grant.lifetimeSeconds),
  );
  const wish = request.lifetimeSeconds ?? Number.POSITIVE_INFINITY;
  const expiry = Math.min(
    now + Math.min(...seconds, wish),
    subject.lifetime.notOnOrAfter,
    actor?.lifetime.notOnOrAfter ?? Number.POSITIVE_INFINITY,
  );
  // Within the skew a token may still be accepted; a token made from it would be born dead.
  if (expiry <= now) throw new ExchangeFailure('token-expired', 'nothing is left of the lifetime');
  return Math.floor(expiry);
}

function onceMarks({ subject, actor }: Evidence, grounds: readonly Grounds[]): readonly OnceMark[] {
  const isSingleUse =
    grounds.some(({ row }) => row.grant.singleUse) && subject.type !== 'requestor';
  const marks: OnceMark[] = [];
  for (const token of [subject, actor]) {
    if (!token) continue;
    const until =
      token.onceUntil ??
      (isSingleUse && token === subject ? token.lifetime.notOnOrAfter : undefined);
    if (until === undefined) continue;
    if (token.id === undefined)
      throw new ExchangeFailure('token-malformed', 'a one-time token needs an id');
    marks.push({ token: { issuer: token.issuer, id: token.id }, until });
  }
  return marks;
}

function decideGrantedScopes(evidence: Evidence, grounds: readonly Grounds[]): readonly string[] {
  const { request, subject } = evidence;
  const grantable = grounds.flatMap(({ party, row }) =>
    grantableScopes({
      mode: row.grant.scopeMode,
      row: row.grant.scopes,
      relyingParty: party.scopes,
      // A requestor that asks for itself is bounded by its registration, which `client` already is.
      subject:
        subject.type === 'requestor' && request.requestor.scopes === undefined
          ? row.grant.scopes
          : subject.scopes,
      client: request.requestor.scopes,
    }),
  );
  return decideScopes([...new Set(grantable)], request.scopes);
}

function decideClaims(evidence: Evidence, grounds: readonly Grounds[], issuer: string) {
  const mapped = grounds.flatMap(({ party, row }) =>
    mapClaims([...party.claims, ...row.grant.claims], {
      claims: evidence.subject.claims,
      context: expressionContext(evidence, party),
      issuer,
    }),
  );
  return mappedClaims(mapped);
}

function parentsOf({ subject, actor }: Evidence): readonly TokenRef[] {
  return [subject, actor].flatMap((token) =>
    token?.id === undefined ? [] : [{ issuer: token.issuer, id: token.id }],
  );
}

function decideGrounds(evidence: Evidence, rules: PolicyRules): readonly [Grounds, ...Grounds[]] {
  const { request } = evidence;
  const grounds = resolveTargets(
    rules.relyingParties,
    request.targets,
    request.requestor.defaultTarget,
  ).map((party) => ({ party, row: decidingRow(rules.rows, policyQuestion(evidence, party)) }));
  const [first, ...others] = grounds;
  if (!first) throw new Error('no target was resolved');
  return [first, ...others];
}

function decideConfirmation(evidence: Evidence, grounds: readonly Grounds[]): Confirmation {
  validateConfirmation(evidence);
  const { confirmation } = evidence.request.requestor;
  if (confirmation.method === 'bearer' && grounds.some(({ row }) => row.grant.senderConstraint)) {
    throw new ExchangeFailure('confirmation-missing', 'the policy row wants a key that was proved');
  }
  return confirmation;
}

// An ID token speaks to the client that asked for it (OIDC Core §2), all others to the target.
const audiencesOf = (type: TokenType, clientId: string, grounds: readonly Grounds[]) =>
  type === 'id_token' ? [clientId] : grounds.map(({ party }) => party.audience);

/** Decides one request over validated evidence.
 * @throws {ExchangeFailure} `token-audience-mismatch`, `delegation-not-allowed`, `confirmation-missing`, `target-unknown`,
 * `target-not-allowed`, `token-type-unsupported`, `scope-not-allowed`, `claim-missing`, `token-expired` */
export function decide(
  evidence: Evidence,
  rules: PolicyRules,
  { now, tokenId }: { readonly now: Instant; readonly tokenId: string },
): TokenSpec {
  const { request, subject, actor } = evidence;
  validateOrigin(evidence, rules.relyingParties);
  validateMayAct(subject.mayAct, actor && actorOf(actor));
  const grounds = decideGrounds(evidence, rules);
  const { algorithms, encryptTo } = grounds[0].party.token;
  const type = decideType(request.requestedType, grounds);
  return {
    type,
    tokenId,
    issuer: rules.issuer,
    subject: subject.subject,
    ...(subject.authentication && { authentication: subject.authentication }),
    actors: actorChain(subject, decideActor(evidence, grounds, rules), rules),
    clientId: request.requestor.id,
    audiences: audiencesOf(type, request.requestor.id, grounds),
    relyingParties: grounds.map(({ party }) => party.id),
    scopes: decideGrantedScopes(evidence, grounds),
    claims: decideClaims(evidence, grounds, rules.issuer),
    issuedAt: now,
    lifetime: { notBefore: now, notOnOrAfter: decideExpiry(evidence, grounds, now) },
    confirmation: decideConfirmation(evidence, grounds),
    algorithm: algorithms[formOf(type)],
    ...(encryptTo !== undefined && { encryptTo }),
    policyRows: grounds.map(({ row }) => row.id),
    parents: parentsOf(evidence),
    once: onceMarks(evidence, grounds),
  };
}
