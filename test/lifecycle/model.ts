// What the life of tokens is meant to be, plainly: no signatures, no store, no fronts. The servers are held to it.
import type { Context } from '#test/support/ws-trust/security-context.ts';

export const USERS = ['bob', 'carol', 'dave', 'erin'] as const;
export const CLIENTS = ['gateway', 'orders-api'] as const;
export type User = (typeof USERS)[number];
export type Client = (typeof CLIENTS)[number];
export type Party = User | Client;
export const PARTIES: readonly Party[] = [...USERS, ...CLIENTS];

export type Audience = 'orders' | 'ledger';
export type TextType = 'saml1' | 'saml2' | 'jwt' | 'access_token' | 'id_token';

/** Erin is nobody's server, nor may she revoke anything: whatever she has not been issued is not hers. */
export const SERVERS: Readonly<Record<Audience, readonly Party[]>> = {
  orders: ['bob', 'orders-api'],
  ledger: ['dave'],
};
export const REVOKERS: Readonly<Record<Audience, readonly Party[]>> = {
  orders: ['bob'],
  ledger: ['orders-api'],
};

export const LIFETIME_SECONDS = 300;
const SKEW_SECONDS = 60;
export const RENEWAL_SECONDS = 900;
export const MAX_RENEWALS = 2;
/** A minute, and what two clocks may be apart. */
export const RETRY_SECONDS = 60 + 2 * SKEW_SECONDS;
/** Actors in one token. */
export const MAX_ACTORS = 3;
/** How long records outlive the last moment of a token. */
export const MARGIN_SECONDS = 2 * SKEW_SECONDS;
/** Tokens of this type are good once for the ledger, so a renewal uses them up as well. */
export const ONCE_TYPE = 'saml1';

/** A token and all its renewals: whoever cancels one of them cancels all. */
export interface Chain {
  readonly type: TextType | 'refresh_token' | 'sct';
  readonly owner: Party;
  readonly subject: string;
  /** Outermost first. */
  readonly actors: readonly string[];
  readonly audience: Audience;
  /** What it was made from, of what we issued. */
  readonly parents: readonly Chain[];
  readonly terms: Terms | undefined;
  renewals: number;
  isCancelled: boolean;
}

/** On what terms the tokens of a chain can be renewed. */
interface Terms {
  /** The absolute end of all of them. */
  readonly end: number;
  readonly afterExpiry: boolean;
}

/** One token of a chain, as evidence. */
export interface Evidence {
  readonly chain: Chain;
  readonly expiry: number;
  /** How often it was renewed, what it was made from counted. */
  readonly count: number;
  isUsed: boolean;
}

/** A token as it was handed out. */
export interface Token extends Evidence {
  /** For messages. */
  readonly name: string;
  readonly chain: Chain & { readonly type: TextType };
  readonly text: string;
}

/** A security context: a name with a secret. */
export interface ContextToken extends Evidence {
  readonly name: string;
  readonly context: Context;
}

/** Refresh tokens: the text of each by its number. */
export interface Family {
  readonly name: string;
  readonly chain: Chain;
  readonly end: number;
  /** How often what it was granted for was renewed. */
  readonly count: number;
  readonly texts: Map<number, string>;
  /** When each was used first. */
  readonly uses: Map<number, number>;
  current: number;
}

/** What evidence of another issuer is worth. */
export interface Foreign {
  readonly subject: string;
  readonly expiry: number;
}

export interface Model {
  readonly now: () => number;
  readonly tokens: Token[];
  readonly families: Family[];
  readonly contexts: ContextToken[];
}

/** Nothing lives on what was cancelled. */
export const isDead = ({ isCancelled, parents }: Chain): boolean =>
  isCancelled || parents.some(isDead);

const isServerOf = ({ audience, type }: Chain, who: Party): boolean =>
  // An ID token speaks to its client, not to the target.
  type !== 'id_token' && SERVERS[audience].includes(who);

/** Whose business a token is. */
export const isParty = (chain: Chain, who: Party): boolean =>
  chain.owner === who || isServerOf(chain, who);

export const mayCancel = (chain: Chain, who: Party): boolean =>
  chain.owner === who || (chain.type !== 'id_token' && REVOKERS[chain.audience].includes(who));

/** What this party is told of a token or a context. */
export const isActive = (
  { chain, expiry }: Pick<Token | ContextToken, 'chain' | 'expiry'>,
  who: Party,
  now: number,
): boolean => isParty(chain, who) && !isDead(chain) && now < expiry;

/** Whether there is a record of the token still. */
export const isOnRecord = ({ chain: { terms }, expiry }: Evidence, now: number): boolean =>
  now < Math.max(expiry, terms?.end ?? 0) + MARGIN_SECONDS;

const isGoodOnce = ({ chain }: Evidence): boolean => chain.type === ONCE_TYPE;

/** Whether a renewal is to succeed. */
export function canRenew(token: Evidence, who: Party, now: number): boolean {
  const { chain, expiry, isUsed } = token;
  const { terms } = chain;
  return (
    chain.owner === who &&
    !isDead(chain) &&
    terms !== undefined &&
    now < terms.end &&
    (now < expiry || terms.afterExpiry) &&
    Math.max(chain.renewals, token.count) < MAX_RENEWALS &&
    !(isGoodOnce(token) && isUsed)
  );
}

/** What became of a renewal. */
export function renewed<Of extends Evidence>(
  token: Of,
  now: number,
): { chain: Of['chain']; expiry: number; count: number } {
  const { chain, count } = token;
  chain.renewals += 1;
  if (isGoodOnce(token)) token.isUsed = true;
  const expiry = Math.min(now + LIFETIME_SECONDS, chain.terms?.end ?? 0);
  return { chain, expiry, count: count + 1 };
}

/** A request for a token that is made of others. */
export interface Wish {
  readonly by: Party;
  readonly subject: Evidence | Foreign | 'self';
  /** Of whom the new token is to tell that they act: a token, or the one who asks. */
  readonly actor: Evidence | 'self' | undefined;
  readonly type: Chain['type'];
  readonly audience: Audience;
  /** Absent: none is wanted. */
  readonly renewing: { readonly afterExpiry: boolean } | undefined;
}

const isToken = (evidence: Wish['subject'] | Wish['actor']): evidence is Evidence =>
  typeof evidence === 'object' && 'chain' in evidence;

const isForeign = (evidence: Wish['subject']): evidence is Foreign =>
  typeof evidence === 'object' && !('chain' in evidence);

function isGoodEvidence(token: Evidence, who: Party, now: number): boolean {
  return isParty(token.chain, who) && !isDead(token.chain) && now < token.expiry && !token.isUsed;
}

function subjectOf({ by, subject }: Wish): string {
  if (subject === 'self') return by;
  return isToken(subject) ? subject.chain.subject : `partner:${subject.subject}`;
}

function actorsOf({ actor, by, subject }: Wish): readonly string[] {
  const before = isToken(subject) ? subject.chain.actors : [];
  if (actor === undefined) return before;
  return [isToken(actor) ? actor.chain.subject : by, ...before];
}

function isGoodChain(wish: Wish): boolean {
  const actors = actorsOf(wish);
  // Whose delegation a token with a chain of its own would tell of is not clear.
  if (isToken(wish.actor) && wish.actor.chain.actors.length > 0) return false;
  // A refresh token would outlive the evidence of the delegation, and SAML 1.1 has no words for actors.
  if (actors.length > 0 && (wish.type === 'refresh_token' || wish.type === 'saml1')) return false;
  return (
    actors.length <= MAX_ACTORS &&
    new Set(actors).size === actors.length &&
    !actors.includes(subjectOf(wish))
  );
}

/** Whether a request for a new token is to succeed. */
export function canIssue(wish: Wish, now: number): boolean {
  const evidence = [wish.subject, wish.actor].filter(isToken);
  return evidence.every((token) => isGoodEvidence(token, wish.by, now)) && isGoodChain(wish);
}

// A chain that begins with a token of ours ends with that one's.
function endOf({ subject }: Wish, now: number): number {
  const parentEnd = isToken(subject)
    ? (subject.chain.terms?.end ?? subject.expiry)
    : Number.POSITIVE_INFINITY;
  return Math.min(now + RENEWAL_SECONDS, parentEnd);
}

/** What became of a request for a new token. */
export function issued(wish: Wish, now: number): Pick<Evidence, 'chain' | 'expiry' | 'count'> {
  const { actor, audience, by, renewing, subject, type } = wish;
  const evidence = [subject, actor].filter(isToken);
  if (isToken(subject) && subject.chain.type === ONCE_TYPE && audience === 'ledger')
    subject.isUsed = true;
  const terms = renewing && { end: endOf(wish, now), afterExpiry: renewing.afterExpiry };
  const expiries = [...evidence, ...(isForeign(subject) ? [subject] : [])].map(
    ({ expiry }) => expiry,
  );
  return {
    chain: {
      type,
      owner: by,
      subject: subjectOf(wish),
      actors: actorsOf(wish),
      audience,
      parents: evidence.map(({ chain }) => chain),
      terms,
      renewals: 0,
      isCancelled: false,
    },
    expiry: Math.min(now + LIFETIME_SECONDS, ...expiries),
    count: isToken(subject) && terms ? subject.count : 0,
  };
}

/** What a refresh token is to bring. */
export type RefreshOutcome = 'refreshed' | 'refused' | 'replayed';

export function refreshOutcome(
  { chain, count, current, end, uses }: Family,
  { number, by, now }: { readonly number: number; readonly by: Party; readonly now: number },
): RefreshOutcome {
  if (chain.owner !== by || isDead(chain) || now >= end || count + number > MAX_RENEWALS)
    return 'refused';
  if (number === current) return 'refreshed';
  const usedAt = uses.get(number) ?? 0;
  return number === current - 1 && now - usedAt <= RETRY_SECONDS ? 'refreshed' : 'replayed';
}

/** Uses a refresh token, and answers what it brought besides its successor. */
export function refreshed(
  family: Family,
  { number, now }: { readonly number: number; readonly now: number },
  successor: string,
): Pick<Token, 'chain' | 'expiry' | 'count'> {
  const { chain, end, texts, uses } = family;
  texts.set(number + 1, successor);
  uses.set(number, uses.get(number) ?? now);
  family.current = number + 1;
  const made = { type: 'access_token', parents: [chain], terms: undefined } as const;
  return {
    chain: { ...chain, ...made, renewals: 0, isCancelled: false },
    expiry: Math.min(now + LIFETIME_SECONDS, end),
    count: 0,
  };
}

/** Whether introspection is to say that a refresh token is good: one that was used is not, though its use can be repeated. */
export const isActiveRefresh = (
  family: Family,
  use: { readonly number: number; readonly by: Party; readonly now: number },
): boolean => use.number === family.current && refreshOutcome(family, use) === 'refreshed';
