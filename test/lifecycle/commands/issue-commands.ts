// New tokens: for oneself, of evidence of another issuer, and of tokens that there are, as their subject or on their behalf.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isClient, type Way } from '#test/lifecycle/fronts.ts';
import { holdOutcome, pick, type Real } from '#test/lifecycle/hold.ts';
import {
  type Audience,
  CLIENTS,
  type Client,
  canIssue,
  isDead,
  isParty,
  issued,
  type Model,
  type TextType,
  type Token,
  USERS,
  type User,
  type Wish,
} from '#test/lifecycle/model.ts';
import {
  type Command,
  commands,
  hasTokens,
  keepToken,
  meant,
  presented,
  type Subject,
  subjects,
  ways,
} from './command.ts';

const TEXT_TYPES = ['saml1', 'saml2', 'jwt', 'access_token', 'id_token'] as const;
const SOAP_TYPES = ['saml1', 'saml2', 'jwt'] as const;

const audiences = fc.constantFrom<Audience>('orders', 'ledger');
const types = fc.constantFrom(...TEXT_TYPES, 'refresh_token' as const);
const soapTypes = fc.constantFrom(...SOAP_TYPES);

const issue = commands(
  fc.record({
    by: fc.constantFrom(...USERS),
    type: soapTypes,
    audience: audiences,
    afterExpiry: fc.boolean(),
    way: ways,
  }),
  {
    name: 'issue',
    async run({ by, type, audience, way, ...wished }, model, { fronts }) {
      const now = model.now();
      // The REST form has no word for it.
      const afterExpiry = wished.afterExpiry && way.front === 'soap';
      const outcome = await fronts.issue(by, way, { type, audience, afterExpiry });
      assert.ok(holdOutcome(outcome, true, `Issue for ${by}`));
      const renewing = { afterExpiry };
      const wish = { by, subject: 'self', actor: undefined, type, audience, renewing } as const;
      const { chain, ...made } = issued(wish, now);
      return keepToken(model, { ...made, chain: { ...chain, type }, outcome });
    },
  },
);

interface Exchange {
  readonly wish: Omit<Wish, 'renewing' | 'by' | 'type' | 'actor'> & {
    readonly by: Client;
    readonly type: TextType | 'refresh_token';
    readonly actor: Token | undefined;
  };
  readonly subject: { readonly text: string; readonly type: TextType };
  readonly way: Way;
}

async function exchange({ wish, subject, way }: Exchange, model: Model, { fronts }: Real) {
  const { actor, audience, by, type } = wish;
  const now = model.now();
  const outcome = await fronts.exchange(by, way, {
    type,
    audience,
    subject,
    ...(actor && { actor: presented(actor) }),
  });
  const renewing = type === 'refresh_token' ? { afterExpiry: false } : undefined;
  const whole: Wish = { ...wish, renewing };
  if (!holdOutcome(outcome, canIssue(whole, now), `exchange by ${by}`)) return 'refused';
  const { chain, ...made } = issued(whole, now);
  if (type !== 'refresh_token')
    return keepToken(model, { ...made, chain: { ...chain, type }, outcome });
  const name = `r${model.families.length + 1}`;
  const end = chain.terms?.end ?? 0;
  assert.equal(outcome.expiry, end, `${name} ends otherwise`);
  const family = {
    name,
    chain,
    end,
    count: made.count,
    texts: new Map([[1, outcome.text]]),
    uses: new Map(),
    current: 1,
  };
  model.families.push(family);
  return name;
}

const exchangeForeign = commands(
  fc.record({
    by: fc.constantFrom(...CLIENTS),
    type: types,
    audience: audiences,
    subject: fc.constantFrom('alice', 'zoe'),
    lifetimeSeconds: fc.constantFrom(100, 1800),
    way: ways,
  }),
  {
    name: 'exchange foreign',
    async run({ lifetimeSeconds, subject, way, ...asked }, model, real) {
      const expiry = model.now() + lifetimeSeconds;
      const text = await real.servers.partner.sign({ sub: subject, exp: expiry });
      const wish = { ...asked, subject: { subject, expiry }, actor: undefined };
      return exchange({ wish, subject: { text, type: 'jwt' }, way }, model, real);
    },
  },
);

interface Making {
  readonly of: Subject;
  readonly type: TextType | 'refresh_token';
  readonly audience: Audience;
  /** A client shows a token of the actor, a user is the actor. */
  readonly actor: number | undefined;
  readonly afterExpiry: boolean;
  readonly way: Way;
}

const makings: fc.Arbitrary<Making> = fc.record({
  of: subjects,
  type: types,
  audience: audiences,
  actor: fc.option(fc.nat(99), { nil: undefined, freq: 2 }),
  afterExpiry: fc.boolean(),
  way: ways,
});

const make = commands(makings, {
  name: 'make',
  check: hasTokens,
  async run(making, model, real) {
    const now = model.now();
    const isFresh = ({ chain, expiry, isUsed }: Token): boolean =>
      !isDead(chain) && now < expiry && !isUsed;
    const { token, by } = meant(making.of, model, {
      apt: (one, who) => isParty(one.chain, who) && isFresh(one),
      near: (one, who) => isParty(one.chain, who) && !isFresh(one),
    });
    return isClient(by)
      ? makeByClient({ ...making, token, by }, model, real)
      : makeByUser({ ...making, token, by }, model, real);
  },
});

interface MakingBy<By> extends Making {
  readonly token: Token;
  readonly by: By;
}

async function makeByClient(making: MakingBy<Client>, model: Model, real: Real): Promise<string> {
  const { audience, by, token, type, way } = making;
  const actor = making.actor === undefined ? undefined : pick(model.tokens, making.actor);
  const wish = { by, subject: token, type, audience, actor };
  const made = await exchange({ wish, subject: presented(token), way }, model, real);
  const of = actor ? `${token.name} and ${actor.name}` : token.name;
  return `${by} for ${of}: ${made}`;
}

/** RFC 8693 §1.1: a token of the subject and one of the actor. Few fit together: two that do are looked for. */
const delegate = commands(
  fc.record({
    by: fc.constantFrom(...CLIENTS),
    at: fc.nat(99),
    type: fc.constantFrom('saml2', 'jwt', 'access_token', 'id_token'),
    audience: audiences,
    way: ways,
  }),
  {
    name: 'delegate',
    check: hasTokens,
    async run({ at, way, ...asked }, model, real) {
      const { tokens } = model;
      const pairs = tokens.flatMap((subject) => tokens.map((actor) => ({ subject, actor })));
      const fitting = pairs.filter((pair) =>
        canIssue({ ...asked, ...pair, renewing: undefined }, model.now()),
      );
      const { actor, subject } = pick(fitting.length > 0 ? fitting : pairs, at);
      const wish = { ...asked, actor, subject };
      const made = await exchange({ wish, subject: presented(subject), way }, model, real);
      return `${asked.by} for ${subject.name} and ${actor.name}: ${made}`;
    },
  },
);

async function makeByUser(making: MakingBy<User>, model: Model, { fronts }: Real): Promise<string> {
  const { audience, by, token, way } = making;
  const now = model.now();
  const type = pick(SOAP_TYPES, [...TEXT_TYPES, 'refresh_token'].indexOf(making.type));
  const actor = making.actor === undefined ? undefined : 'self';
  const afterExpiry = making.afterExpiry && way.front === 'soap';
  const evidence = actor ? { actAs: presented(token) } : { onBehalfOf: presented(token) };
  const outcome = await fronts.issue(by, way, { type, audience, afterExpiry, ...evidence });
  const wish: Wish = { by, subject: token, actor, type, audience, renewing: { afterExpiry } };
  const what = `${by} ${actor ? 'as' : 'on behalf of'} ${token.name}`;
  // SOAP has no name for an ID token.
  const isKnown = token.chain.type !== 'id_token';
  if (!holdOutcome(outcome, isKnown && canIssue(wish, now), what)) return `${what}: refused`;
  const { chain, ...made } = issued(wish, now);
  return `${what}: ${keepToken(model, { ...made, chain: { ...chain, type }, outcome })}`;
}

export const ISSUING: readonly fc.Arbitrary<Command>[] = [
  issue,
  exchangeForeign,
  make,
  make,
  make,
  delegate,
];
