// The chain of actors (RFC 8693 §4.1): the new actor outermost, the subject token's chain nested in it.
import { ExchangeFailure } from './failure.ts';
import type { ValidatedToken } from './security-token.ts';
import type { Actor, MayAct } from './subject.ts';

/** No configuration may allow a longer chain. */
export const ACTOR_CHAIN_CEILING = 8;

interface ChainRules {
  readonly maxDepth: number;
  /** Whether a party may act for itself. */
  readonly selfDelegation: boolean;
}

const isSame = (
  left: { issuer: string; id: string },
  right: { issuer: string; id: string },
): boolean => left.issuer === right.issuer && left.id === right.id;

/** The actor that an actor token speaks for. A nested chain in it is refused: whose delegation it tells of is ambiguous.
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
  rules: ChainRules,
): readonly Actor[] {
  const chain = actor ? [actor, ...subject.actors] : subject.actors;
  if (chain.length > Math.min(rules.maxDepth, ACTOR_CHAIN_CEILING)) {
    throw new ExchangeFailure('delegation-not-allowed', 'the chain of actors is too deep');
  }
  if (actor && subject.actors.some((link) => isSame(link, actor))) {
    throw new ExchangeFailure('delegation-not-allowed', 'the chain of actors loops');
  }
  if (actor && !rules.selfDelegation && isSame(subject.subject, actor)) {
    throw new ExchangeFailure('delegation-not-allowed', 'subject and actor are the same');
  }
  return chain;
}

/** Holds the subject token's `may_act` against the actor: every member in it must match (RFC 8693 §4.4).
 * @throws {ExchangeFailure} `delegation-not-allowed` */
export function validateMayAct(mayAct: MayAct | undefined, actor: Actor | undefined): void {
  if (!mayAct) return;
  if (!actor)
    throw new ExchangeFailure(
      'delegation-not-allowed',
      'may_act names an actor, none was presented',
    );
  const holds =
    (mayAct.issuer === undefined || mayAct.issuer === actor.issuer) &&
    (mayAct.id === undefined || mayAct.id === actor.id) &&
    (mayAct.clientId === undefined || mayAct.clientId === actor.clientId);
  if (!holds)
    throw new ExchangeFailure('delegation-not-allowed', 'may_act does not name this actor');
}
