// Who acts, and whether it may be so: an actor that is presented, the requestor in its place, or nobody.

import type { Actor } from '../claims/subject.ts';
import { type Evidence, policyQuestion } from '../decision/evidence.ts';
import { type GrantedTargets, longestChain } from '../decision/granted-targets.ts';
import { ExchangeFailure } from '../failure.ts';
import { type PolicyParty, type PolicyRules, validateUndenied } from '../policy.ts';
import type { Requestor } from '../request/requestor.ts';
import { SELF, type ValidatedToken } from '../token/security-token.ts';
import type { TokenType } from '../token/token-type.ts';
import { actorChain, actorOf, isSame } from './actor-chain.ts';

/** Whether the requestor asks for itself. Names alone do not say so: a user may be called like a client. */
export function isOwnSubject({ request, subject }: Evidence, issuer: string): boolean {
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

/** Whether a row makes the requestor the actor, where there is no other. One row that wants the actor seen is enough: the others must
 * not hide it. */
const becomesActor = (
  evidence: Evidence,
  granted: GrantedTargets,
  { issuer }: PolicyRules,
): boolean =>
  !evidence.actor &&
  !isOwnSubject(evidence, issuer) &&
  granted.some(({ row }) => row.grant.requestorAsActor);

/** The evidence with the token of whoever is shown to act: the actor token, or what the requestor came with that becomes the actor. What
 * is made rests on it, and ends with it, in either case. */
export function withActingToken(
  evidence: Evidence,
  granted: GrantedTargets,
  rules: PolicyRules,
): Evidence {
  if (!becomesActor(evidence, granted, rules)) return evidence;
  return { ...evidence, actor: evidence.request.requestor.identity };
}

/** The actor to show, by the permission that allows it. Impersonation and delegation are granted apart. */
function decideActor(
  evidence: Evidence,
  granted: GrantedTargets,
  rules: PolicyRules,
): Actor | undefined {
  const { request, actor } = evidence;
  const { issuer } = rules;
  const isOwn = isOwnSubject(evidence, issuer);
  const shown = actor
    ? actorOf(actor)
    : becomesActor(evidence, granted, rules)
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

/** How rows see an actor that the subject token names: as a party of its own issuer where we know that one, else of the issuer of the
 * token. */
function inheritedParty(
  { id, issuer }: Actor,
  { trustedIssuer: told }: ValidatedToken,
  { issuer: ours, issuers }: PolicyRules,
): PolicyParty {
  const owner = issuers.find(({ names }) => names.includes(issuer));
  const trustedIssuer = issuer === ours ? SELF : (owner?.id ?? told);
  return { type: 'jwt', trustedIssuer, issuer, subject: { issuer, id }, scopes: [] };
}

/** Holds the actor that the subject token brings, and that is shown where nobody else is, against the rows that deny by the actor:
 * otherwise whoever had the delegation made elsewhere would get past them. What its evidence was is not known any more, nor its scopes. */
function validateInheritedActor(
  evidence: Evidence,
  granted: GrantedTargets,
  rules: PolicyRules,
): void {
  const { subject } = evidence;
  const [shown] = subject.actors;
  if (!shown) return;
  const seen = { ...evidence, actor: inheritedParty(shown, subject, rules) };
  const rows = rules.rows.map((row) => {
    if (!row.actor) return row;
    const { types: _, ...actor } = row.actor;
    return { ...row, actor };
  });
  for (const { party } of granted)
    validateUndenied(rows, policyQuestion(seen, party, rules), 'the actor');
}

/** The actors to show, outermost first.
 * @throws {ExchangeFailure} `delegation-not-allowed`, `target-not-allowed` for an actor that a row denies */
export function decideActors(
  evidence: Evidence,
  granted: GrantedTargets,
  { rules, type }: { readonly rules: PolicyRules; readonly type: TokenType },
): readonly Actor[] {
  const actor = decideActor(evidence, granted, rules);
  if (!actor) validateInheritedActor(evidence, granted, rules);
  else if (!evidence.actor) validateRequestorAsActor(evidence, granted, rules);
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
