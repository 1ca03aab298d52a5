// The chain of actors (RFC 8693 §4.1): the new actor outermost, the subject token's chain nested in it.

import type { Actor, MayAct } from '../claims/subject.ts';
import type { KnownIssuer } from '../decision/known-issuer.ts';
import { ExchangeFailure } from '../failure.ts';
import type { ValidatedToken } from '../token/security-token.ts';

/** No configuration may allow a longer chain. */
export const ACTOR_CHAIN_CEILING = 8;

/** Who may act for whom, whatever the policy rows say. */
export interface ActorRules {
  /** Our own name. */
  readonly issuer: string;
  /** The trusted issuers: until when, and who may name whose parties as actors. */
  readonly issuers: readonly KnownIssuer[];
  readonly maxDepth: number;
  /** Whether a party may act for itself. */
  readonly selfDelegation: boolean;
}

interface Party {
  readonly issuer: string;
  readonly id: string;
}

/** Whether both are the same party: an id alone names nobody. */
export const isSame = (left: Party, right: Party): boolean =>
  left.issuer === right.issuer && left.id === right.id;

/** The names that tokens of ours have for a party: there `alice` of a partner is `partner:alice`, and one of us. */
function namesOf({ issuer, id }: Party, rules: ActorRules): readonly string[] {
  if (issuer === rules.issuer) return [id];
  const known = rules.issuers.find(({ names }) => names.includes(issuer));
  return known?.subjectPrefixes.map((prefix) => `${prefix}${id}`) ?? [];
}

/** Whether both are one party, even where a token of ours names the one and a token of its own issuer the other. */
function isOne(left: Party, right: Party, rules: ActorRules): boolean {
  if (isSame(left, right)) return true;
  const names = namesOf(right, rules);
  return namesOf(left, rules).some((name) => names.includes(name));
}

/** The actor that an actor token speaks for. A nested chain in it is refused: it is ambiguous whose delegation that is.
 * @throws {ExchangeFailure} `delegation-not-allowed` */
export function actorOf(token: ValidatedToken): Actor {
  if (token.actors.length > 0) {
    throw new ExchangeFailure(
      'delegation-not-allowed',
      'the actor token carries a chain of its own',
    );
  }
  const { issuer, id } = token.subject;
  return {
    issuer,
    id,
    ...(token.originClient === undefined ? {} : { clientId: token.originClient }),
  };
}

/** The chain of the token to issue.
 * @throws {ExchangeFailure} `delegation-not-allowed` when it is too deep, loops, or the subject would act for itself */
export function actorChain(
  subject: ValidatedToken,
  actor: Actor | undefined,
  rules: ActorRules,
): readonly Actor[] {
  const chain = actor ? [actor, ...subject.actors] : subject.actors;
  if (chain.length > Math.min(rules.maxDepth, ACTOR_CHAIN_CEILING)) {
    throw new ExchangeFailure('delegation-not-allowed', 'the chain of actors is too deep');
  }
  if (
    chain.some((link, index) => chain.slice(0, index).some((outer) => isOne(outer, link, rules)))
  ) {
    throw new ExchangeFailure('delegation-not-allowed', 'the chain of actors loops');
  }
  if (!rules.selfDelegation && chain.some((link) => isOne(subject.subject, link, rules))) {
    throw new ExchangeFailure('delegation-not-allowed', 'subject and actor are the same');
  }
  return chain;
}

const isNamedBy = (name: MayAct, actor: Actor): boolean =>
  name.issuer === actor.issuer &&
  (name.id === undefined || name.id === actor.id) &&
  (name.clientId === undefined || name.clientId === actor.clientId);

/** Holds the subject token's `may_act` against the actor: every member in it must match (RFC 8693 §4.4). A name without an
 * issuer is a name at `issuer`, which wrote the token: the same name at another issuer is another party.
 * @throws {ExchangeFailure} `delegation-not-allowed` */
export function validateMayAct(
  mayAct: MayAct | undefined,
  actor: Actor | undefined,
  issuer: string,
): void {
  if (!mayAct) return;
  if (mayAct.id === undefined && mayAct.clientId === undefined)
    throw new ExchangeFailure('delegation-not-allowed', 'may_act names nobody');
  if (!actor)
    throw new ExchangeFailure(
      'delegation-not-allowed',
      'may_act names an actor, none was presented',
    );
  if (!isNamedBy({ issuer, ...mayAct }, actor))
    throw new ExchangeFailure('delegation-not-allowed', 'may_act does not name this actor');
}
