// Renewals and what is made of tokens (one by one, two in a message, as the new token of Validate) at the same moment as their
// cancellation, at two servers. Who wins is open; once all have their answers nothing that is good hangs on what was cancelled, nothing
// was renewed more often than it may be, and nothing comes any more of what had ended before it was asked for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { startCluster } from '#test/support/redis/cluster.ts';
import { redisMissing, startRedis } from '#test/support/redis/redis-server.ts';
import { DRIVERS, FIT, FIT_REPLICATED } from '../store/redis/redis-under-test.ts';
import { presented, ways } from './commands/command.ts';
import { Fronts, isClient, type Outcome, type Way } from './fronts.ts';
import { holdAll, pick } from './hold.ts';
import {
  type Chain,
  type Family,
  isDead,
  issued,
  MAX_RENEWALS,
  type Model,
  ONCE_TYPE,
  type TextType,
  type Token,
  type Wish,
} from './model.ts';
import { startProcesses } from './processes.ts';

const RUNS = Number(process.env['LIFE_RUNS'] ?? '3');
/** On servers of Redis, whose races test/races has as well. */
const RUNS_ON_REDIS = Math.ceil(RUNS / 4);
const CONTENDERS = 16;

interface Move {
  readonly kind: 'renew' | 'make' | 'validate' | 'batch' | 'refresh' | 'cancel' | 'revoke';
  readonly at: number;
  readonly type: TextType;
  readonly way: Way;
}

const moves: fc.Arbitrary<Move> = fc.record({
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('renew' as const, 'make' as const) },
    { weight: 2, arbitrary: fc.constantFrom('validate' as const, 'batch' as const) },
    { weight: 3, arbitrary: fc.constant('refresh' as const) },
    { weight: 1, arbitrary: fc.constantFrom('cancel' as const, 'revoke' as const) },
  ),
  at: fc.nat(99),
  type: fc.constantFrom('saml1', 'saml2', 'jwt'),
  way: ways.map((way) => ({ ...way, login: 'certificate' as const })),
});

const bursts = fc.array(fc.array(moves, { minLength: CONTENDERS, maxLength: CONTENDERS }), {
  minLength: 2,
  maxLength: 3,
});

/** What was refused needs a reason. */
interface Refused {
  readonly isReason: () => boolean;
  readonly what: string;
}

/** What a move came to, put down when all have their answers. */
type Settle = () => readonly Refused[];

/** What was told to have ended before a burst began is ended for all of it. */
const assertAlive = (wasDead: boolean, what: string): void =>
  assert.ok(!wasDead, `${what} had ended before`);

function keep(model: Model, made: Pick<Token, 'chain' | 'count'>, outcome: Outcome): void {
  if (!('text' in outcome)) throw new Error('refused');
  const { expiry, text } = outcome;
  const name = `t${model.tokens.length + 1}`;
  model.tokens.push({ ...made, name, text, expiry, isUsed: false });
}

async function renew({ at, way }: Move, model: Model, fronts: Fronts): Promise<Settle> {
  const token = pick(
    model.tokens.filter(({ chain }) => chain.terms),
    at,
  );
  const { chain, count, name } = token;
  if (isClient(chain.owner)) throw new Error('clients renew by refresh tokens');
  const wasDead = isDead(chain);
  const outcome = await fronts.renew(chain.owner, way, presented(token));
  return () => {
    if ('text' in outcome) {
      assertAlive(wasDead, name);
      assert.ok(!token.isUsed, `${name} was good once and was renewed twice`);
      token.isUsed = chain.type === ONCE_TYPE;
      chain.renewals += 1;
      keep(model, { chain, count: count + 1 }, outcome);
      return [];
    }
    // Of a token that is good once, a renewal that lost the race was counted before it lost.
    const isReason = () =>
      isDead(chain) || Math.max(chain.renewals, count) === MAX_RENEWALS || chain.type === ONCE_TYPE;
    return [{ isReason, what: `${name} was not renewed (${outcome.refusal})` }];
  };
}

/** Puts down what was made of a token. */
function settleMade(
  { type }: Pick<Move, 'type'>,
  { model, token }: { readonly model: Model; readonly token: Token },
  outcome: Outcome,
): Settle {
  const { chain, name } = token;
  const { audience, owner: by } = chain;
  const renewing = isClient(by) ? undefined : { afterExpiry: false };
  const wish: Wish = { by, subject: token, actor: undefined, type, audience, renewing };
  const wasDead = isDead(chain);
  return () => {
    if ('text' in outcome) {
      assertAlive(wasDead, name);
      const { chain: made, count } = issued(wish, 0);
      keep(model, { chain: { ...made, type }, count }, outcome);
      return [];
    }
    const isReason = () => isDead(chain) || token.isUsed;
    return [{ isReason, what: `nothing came of ${name} (${outcome.refusal})` }];
  };
}

async function make(move: Move, model: Model, fronts: Fronts): Promise<Settle> {
  const { at, kind, type, way } = move;
  const token = pick(model.tokens, at);
  const { audience, owner: by } = token.chain;
  const target = presented(token);
  const outcome = isClient(by)
    ? await fronts.exchange(by, way, { type, audience, subject: target })
    : kind === 'validate'
      ? await fronts.validateToNew(by, way, { type, audience, target })
      : await fronts.issue(by, way, { type, audience, onBehalfOf: target });
  return settleMade(move, { model, token }, outcome);
}

/** Two in one message: what ends one of them is nothing to the other. */
async function makeTwo(move: Move, model: Model, fronts: Fronts): Promise<Settle> {
  const { at, type, way } = move;
  const ofUser = model.tokens.filter(({ chain: { owner } }) => owner === 'carol');
  // A message with the same assertion in it twice is none.
  const tokens = [...new Set([pick(ofUser, at), pick(ofUser, at + 1)])];
  const wishes = tokens.map((token) => ({
    type,
    audience: token.chain.audience,
    target: presented(token),
  }));
  const outcomes = await fronts.issueAll('carol', way, wishes);
  const settles = tokens.map((token, index) =>
    settleMade(move, { model, token }, outcomes[index] ?? { refusal: 'no answer' }),
  );
  return () => settles.flatMap((settle) => settle());
}

async function refresh({ at, way }: Move, model: Model, fronts: Fronts): Promise<Settle> {
  const family = pick(model.families, at);
  const { chain, current, name, texts } = family;
  const wasDead = isDead(chain);
  const { outcome, successor } = await fronts.refresh('gateway', way, texts.get(current) ?? '');
  return () => {
    if (!('text' in outcome)) {
      const isReason = () => isDead(chain) || current > MAX_RENEWALS;
      return [{ isReason, what: `${name} was not refreshed (${outcome.refusal})` }];
    }
    assertAlive(wasDead, name);
    // RFC 9700 §4.14.2: one successor, whoever asks.
    assert.equal(successor, texts.get(current + 1) ?? successor, name);
    texts.set(current + 1, successor);
    family.current = current + 1;
    const made = { type: 'access_token', parents: [chain], terms: undefined } as const;
    keep(model, { chain: { ...chain, ...made, isCancelled: false }, count: 0 }, outcome);
    return [];
  };
}

async function end(chain: Chain, what: string, ask: Promise<Outcome>): Promise<Settle> {
  const outcome = await ask;
  return () => {
    assert.ok('text' in outcome, `${what} does not end`);
    chain.isCancelled = true;
    return [];
  };
}

function go(move: Move, model: Model, fronts: Fronts): Promise<Settle> {
  const { at, kind, way } = move;
  if (kind === 'renew') return renew(move, model, fronts);
  if (kind === 'make' || kind === 'validate') return make(move, model, fronts);
  if (kind === 'batch') return makeTwo(move, model, fronts);
  if (kind === 'refresh') return refresh(move, model, fronts);
  if (kind === 'cancel') {
    const token = pick(model.tokens, at);
    const { chain, name } = token;
    return end(chain, name, fronts.cancel(chain.owner, way, presented(token)));
  }
  const { chain, current, name, texts } = pick(model.families, at);
  return end(chain, name, fronts.revoke('gateway', way, texts.get(current) ?? ''));
}

const FIRST: Way = { server: 0, front: 'soap', login: 'certificate' };

/** Two tokens that can be renewed, one of them good once, and refresh tokens. */
async function begin(fronts: Fronts, evidence: string, now: () => number): Promise<Model> {
  const model: Model = { now, tokens: [], families: [], contexts: [] };
  for (const [type, audience] of [
    ['saml2', 'orders'],
    [ONCE_TYPE, 'ledger'],
  ] as const) {
    const wish = { by: 'carol', subject: 'self', actor: undefined, type, audience } as const;
    const { chain, count } = issued({ ...wish, renewing: { afterExpiry: false } }, now());
    const outcome = await fronts.issue('carol', FIRST, { type, audience });
    keep(model, { chain: { ...chain, type }, count }, outcome);
  }
  model.families.push(await beginFamily(fronts, evidence));
  return model;
}

async function beginFamily(fronts: Fronts, text: string): Promise<Family> {
  const subject = { text, type: 'jwt' } as const;
  const wishes = { type: 'refresh_token', audience: 'orders' } as const;
  const outcome = await fronts.exchange('gateway', FIRST, { ...wishes, subject });
  if (!('text' in outcome)) throw new Error(outcome.refusal);
  const evidence = { subject: 'alice', expiry: outcome.expiry };
  const wish = { by: 'gateway', subject: evidence, actor: undefined, ...wishes } as const;
  const { chain, count } = issued({ ...wish, renewing: { afterExpiry: false } }, 0);
  const texts = new Map([[1, outcome.text]]);
  return { name: 'r1', chain, count, end: outcome.expiry, texts, uses: new Map(), current: 1 };
}

interface Arena {
  readonly stores: readonly [object, object];
  readonly dispose?: () => Promise<void>;
}

// Who wins is asked, not how long it takes.
const PATIENCE = { waitMilliseconds: 5000, deadlineMilliseconds: 10_000 };

/** Each server by another driver. */
const onRedis = (section: object): Arena['stores'] => [
  { redis: { ...section, ...PATIENCE, driver: DRIVERS[0] } },
  { redis: { ...section, ...PATIENCE, driver: DRIVERS[1] } },
];

const SQLITE = { sqlite: { path: 'data/viaduct.db' } };

const ARENAS: Readonly<Record<string, () => Promise<Arena>>> = {
  SQLite: async () => ({ stores: [SQLITE, SQLITE] }),
  async Redis() {
    const redis = await startRedis(FIT);
    const nodes = [`127.0.0.1:${redis.port}`];
    return { dispose: () => redis.dispose(), stores: onRedis({ mode: 'single', nodes }) };
  },
  async 'a Redis cluster'() {
    const cluster = await startCluster(FIT_REPLICATED);
    const nodes = cluster.nodes.map(({ port }) => `127.0.0.1:${port}`);
    return { dispose: () => cluster.dispose(), stores: onRedis({ mode: 'cluster', nodes }) };
  },
};

for (const [name, open] of Object.entries(ARENAS))
  test(`Revocation: made, renewed, refreshed and cancelled at the same moment, at two servers on ${name}, nothing lives on what died`, {
    skip: name !== 'SQLite' && redisMissing(),
  }, async (t) => {
    const { dispose, stores } = await open();
    if (dispose) t.after(dispose);
    const { clock, partner, ...rest } = await startProcesses(t, stores);
    const now = (): number => clock.now();
    const fronts = new Fronts({ clock, partner, ...rest });
    const property = fc.asyncProperty(bursts, async (drawn) => {
      const model = await begin(fronts, await partner.sign(), now);
      for (const burst of drawn) {
        const settled = await Promise.all(burst.map((move) => go(move, model, fronts)));
        const refused = settled.flatMap((settle) => settle());
        for (const { isReason, what } of refused) assert.ok(isReason(), what);
        for (const { chain } of model.tokens) assert.ok(chain.renewals <= MAX_RENEWALS);
        await holdAll(model, { fronts });
      }
    });
    // What is a matter of luck does not come again when it is tried in a shorter form.
    const numRuns = name === 'SQLite' ? RUNS : RUNS_ON_REDIS;
    await fc.assert(property, { numRuns, endOnFailure: true });
  });
