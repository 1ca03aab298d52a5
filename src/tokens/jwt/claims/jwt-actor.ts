// Reads `act` and `may_act` (RFC 8693 §4.1, §4.4). A chain that is not understood in full is refused, never shortened.
import { UNREAD_ACTOR_CLAIMS } from '#core/claims/claim.ts';
import type { Actor, MayAct } from '#core/claims/subject.ts';
import { ACTOR_CHAIN_CEILING } from '#core/delegation/actor-chain.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { type JsonMembers, membersOf } from '../jws/strict-json.ts';
import type { JwtTerms } from '../jwt-trust.ts';
import { requiredString, stringClaim } from './claim-reader.ts';

type Party = Pick<Actor, 'issuer' | 'id'>;

/** The party that a token names; without an issuer it is one of the token's own. */
function partyOf(issuer: string | undefined, id: string, terms: JwtTerms): Party {
  const isOfIssuer =
    issuer === undefined || issuer === terms.issuer || terms.aliases.includes(issuer);
  return { issuer: isOfIssuer ? terms.issuer : issuer, id };
}

function parseActor(link: JsonMembers, terms: JwtTerms, ownNames: readonly string[]): Actor {
  const actor = partyOf(stringClaim(link, 'iss'), requiredString(link, 'sub'), terms);
  // Another issuer may speak of its own parties; that a party of ours acted, only we can say.
  if (!terms.isOwn && ownNames.includes(actor.issuer))
    throw new ExchangeFailure('issuer-untrusted', 'a trusted issuer names an actor of ours');
  const clientId = stringClaim(link, 'client_id');
  return { ...actor, ...(clientId !== undefined && { clientId }) };
}

/** The chain of actors, outermost first; empty without `act`. An actor without `iss` is of the token's issuer.
 * @throws {ExchangeFailure} `token-malformed`, `issuer-untrusted`, `token-type-unsupported` for an actor told in another way */
export function parseActors(
  claims: JsonMembers,
  terms: JwtTerms,
  ownNames: readonly string[],
): readonly Actor[] {
  if ([...UNREAD_ACTOR_CLAIMS].some((name) => claims.has(name)))
    throw new ExchangeFailure('token-type-unsupported', 'a claim other than act tells of an actor');
  const actors: Actor[] = [];
  for (let link = claims; link.has('act'); ) {
    link = membersOf(link.get('act'), 'act');
    actors.push(parseActor(link, terms, ownNames));
    if (actors.length > ACTOR_CHAIN_CEILING)
      throw new ExchangeFailure('token-malformed', 'the chain of actors is too deep');
  }
  return actors;
}

const MAY_ACT_MEMBERS: ReadonlySet<string> = new Set(['iss', 'sub', 'client_id']);

/** Whom the token allows to act. A `sub` without `iss` is of the token's issuer, as in `act`.
 * @throws {ExchangeFailure} `token-malformed`, also for a member we could not hold against an actor */
export function parseMayAct(claims: JsonMembers, terms: JwtTerms): MayAct | undefined {
  if (!claims.has('may_act')) return undefined;
  const members = membersOf(claims.get('may_act'), 'may_act');
  if (members.size === 0) throw new ExchangeFailure('token-malformed', 'may_act names nobody');
  for (const name of members.keys()) {
    if (!MAY_ACT_MEMBERS.has(name))
      throw new ExchangeFailure('token-malformed', 'may_act has a member that cannot be checked');
  }
  const issuer = stringClaim(members, 'iss');
  const id = stringClaim(members, 'sub');
  const clientId = stringClaim(members, 'client_id');
  const party = id === undefined ? issuerOnly(issuer, terms) : partyOf(issuer, id, terms);
  return { ...party, ...(clientId !== undefined && { clientId }) };
}

function issuerOnly(issuer: string | undefined, terms: JwtTerms): MayAct {
  if (issuer === undefined) return {};
  return { issuer: terms.aliases.includes(issuer) ? terms.issuer : issuer };
}
