// Holds what servers say to the model: what came of a request, and what they tell of tokens to whoever asks.
import assert from 'node:assert/strict';
import { type Fronts, type Handed, isClient, type Outcome, type Way } from './fronts.ts';
import {
  CLIENTS,
  type Client,
  type Family,
  isActive,
  isActiveRefresh,
  type Model,
  PARTIES,
  type Party,
  SERVERS,
  type Token,
} from './model.ts';
import type { TimedServers } from './servers.ts';

/** What is held to the model. */
export interface Real {
  readonly fronts: Fronts;
  readonly servers: TimedServers;
  /** Counts the steps, so that askers and ways take turns. */
  turn: number;
  /** How often what came of what. */
  readonly outcomes: Map<string, number>;
}

const WAYS: readonly Way[] = ([0, 1] as const).flatMap((server) =>
  (['soap', 'rest'] as const).map((front) => ({ server, front, login: 'certificate' as const })),
);

/** One of a list, whatever number was drawn.
 * @throws {Error} of none */
export function pick<T>(list: readonly T[], at: number): T {
  const found = list[at % list.length];
  if (found === undefined) throw new Error('nothing to pick from');
  return found;
}

/** Holds whether something succeeded to what was expected.
 * @throws {AssertionError} */
export function holdOutcome(
  outcome: Outcome,
  isExpected: boolean,
  what: string,
): outcome is Handed {
  const did = 'text' in outcome ? 'succeeded' : `was refused (${outcome.refusal})`;
  assert.equal('text' in outcome, isExpected, `${what} ${did}`);
  return 'text' in outcome;
}

// Introspection is of bearer tokens in JWT form; an ID token is none, and SOAP has no name for it.
const isTold = ({ chain: { type } }: Token, by: Party): boolean =>
  type === 'jwt' || type === 'access_token' || (type !== 'id_token' && !isClient(by));

interface Asking<By extends Party = Party> {
  readonly by: By;
  readonly way: Way;
}

async function holdToken(
  token: Token,
  { by, way }: Asking,
  model: Model,
  { fronts }: Pick<Real, 'fronts'>,
) {
  const { chain, name, text } = token;
  const actual = await fronts.isActive(by, way, { text, type: chain.type });
  const expected = isActive(token, by, model.now()) && isTold(token, by);
  const who = `${name}, asked by ${by} over ${way.front} at server ${way.server}`;
  assert.equal(actual, expected, `${who}: ${actual ? 'active' : 'not active'}`);
}

async function holdFamily(family: Family, { by, way }: Asking<Client>, model: Model, real: Real) {
  for (const [number, text] of family.texts) {
    const actual = await real.fronts.introspect(by, way, text);
    const expected = isActiveRefresh(family, { number, by, now: model.now() });
    assert.equal(actual, expected, `${family.name} number ${number}, asked by ${by}`);
  }
}

/** Asks about so many tokens: the newest, and others in turn. One who may know asks, or one who may not.
 * @throws {AssertionError} */
export async function holdSome(model: Model, real: Real, count: number): Promise<void> {
  real.turn += 1;
  const { turn } = real;
  const { families, tokens } = model;
  const step = Math.max(1, Math.ceil(tokens.length / count));
  await Promise.all([
    ...tokens.map((token, index) => {
      if (index < tokens.length - 1 && (index + turn) % step > 0) return;
      const { audience, owner } = token.chain;
      const by = pick([owner, ...SERVERS[audience], owner, pick(PARTIES, turn)], turn + index);
      return holdToken(token, { by, way: pick(WAYS, turn + index) }, model, real);
    }),
    ...families.map((family, index) =>
      holdFamily(family, { by: pick(CLIENTS, turn), way: pick(WAYS, index) }, model, real),
    ),
  ]);
}

/** Asks about all tokens over all fronts at both servers, as the owner and as another.
 * @throws {AssertionError} */
export async function holdAll(model: Model, real: Pick<Real, 'fronts'>): Promise<void> {
  for (const way of WAYS)
    await Promise.all(
      model.tokens.flatMap((token, index) =>
        [token.chain.owner, pick(PARTIES, index)].map((by) =>
          holdToken(token, { by, way }, model, real),
        ),
      ),
    );
}
