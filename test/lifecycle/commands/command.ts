// One step of a sequence as fast-check draws it. Each asks a server and holds the answer to the model; after each, what servers
// tell of the tokens is held to it.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Handed, Way } from '#test/lifecycle/fronts.ts';
import { holdSome, pick, type Real } from '#test/lifecycle/hold.ts';
import {
  type Model,
  PARTIES,
  type Party,
  REVOKERS,
  SERVERS,
  type Token,
} from '#test/lifecycle/model.ts';

export type Command = fc.AsyncCommand<Model, Real>;

/** What a command does.
 * `run` answers what came of it, for the message of a failure. */
export interface Step<Choice> {
  readonly name: string;
  readonly check?: (model: Model) => boolean;
  readonly run: (choice: Choice, model: Model, real: Real) => Promise<string>;
}

/** Asked about after a step that can only have added a token. */
const FEW = 4;

function commandOf<Choice>({ check, name, run }: Step<Choice>, choice: Choice): Command {
  let came = '';
  return {
    check: (model) => check?.(model) ?? true,
    async run(model, real) {
      came = ': …';
      const before = model.tokens.length;
      const what = await run(choice, model, real);
      came = `: ${what}`;
      const outcome = `${name}: ${what.endsWith('refused') ? 'refused' : 'done'}`;
      real.outcomes.set(outcome, (real.outcomes.get(outcome) ?? 0) + 1);
      await holdSome(model, real, model.tokens.length > before ? FEW : Number.POSITIVE_INFINITY);
    },
    toString: () => `${name} ${JSON.stringify(choice)}${came}`,
  };
}

/** Commands with the choices that are drawn. */
export const commands = <Choice>(
  choices: fc.Arbitrary<Choice>,
  step: Step<Choice>,
): fc.Arbitrary<Command> => choices.map((choice) => commandOf(step, choice));

export const ways: fc.Arbitrary<Way> = fc.record({
  server: fc.constantFrom(0, 1),
  front: fc.constantFrom('soap', 'rest'),
  // To verify a password takes longer than all the rest.
  login: fc.oneof(
    { weight: 19, arbitrary: fc.constant('certificate' as const) },
    { weight: 1, arbitrary: fc.constant('password' as const) },
  ),
});

type Role = 'owner' | 'server' | 'revoker' | Party;

/** Who does something with a token, and with which of the tokens. */
export interface Subject {
  readonly role: Role;
  readonly at: number;
  /** One with which it can be done, one with which it could be done once, or whichever. */
  readonly aim: 'apt' | 'near' | 'any';
}

export const subjects: fc.Arbitrary<Subject> = fc.record({
  role: fc.oneof(
    { weight: 6, arbitrary: fc.constant('owner' as const) },
    { weight: 2, arbitrary: fc.constantFrom('server' as const, 'revoker' as const) },
    { weight: 2, arbitrary: fc.constantFrom(...PARTIES) },
  ),
  at: fc.nat(99),
  aim: fc.constantFrom('apt', 'apt', 'apt', 'near', 'any'),
});

function partyOf(role: Role, { chain: { audience, owner } }: Token, at: number): Party {
  if (role === 'owner') return owner;
  if (role === 'server') return pick(SERVERS[audience], at);
  return role === 'revoker' ? pick(REVOKERS[audience], at) : role;
}

/** Whether something can be done with a token by this party. */
type Fits = (token: Token, by: Party) => boolean;

/** The token and who does something with it. */
export function meant(
  { aim, at, role }: Subject,
  { tokens }: Pick<Model, 'tokens'>,
  { apt, near }: { readonly apt: Fits; readonly near: Fits },
): { readonly token: Token; readonly by: Party } {
  const fits = aim === 'any' ? () => true : { apt, near }[aim];
  const found = tokens.filter((token) => fits(token, partyOf(role, token, at)));
  const token = pick(found.length > 0 ? found : tokens, at);
  return { token, by: partyOf(role, token, at) };
}

export const hasTokens = ({ tokens }: Model): boolean => tokens.length > 0;

interface Made extends Pick<Token, 'chain' | 'expiry' | 'count'> {
  readonly outcome: Handed;
}

/** Puts a new token down and answers its name.
 * @throws {AssertionError} when its end is told otherwise */
export function keepToken(model: Model, { outcome, ...made }: Made): string {
  const name = `t${model.tokens.length + 1}`;
  assert.equal(outcome.expiry, made.expiry, `${name} ends otherwise`);
  model.tokens.push({ ...made, name, text: outcome.text, isUsed: false });
  return name;
}

/** A token as it is presented. */
export const presented = ({ chain: { type }, text }: Token) => ({ text, type });
