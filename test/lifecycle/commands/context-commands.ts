// Security contexts: asked for, used as credential, renewed and cancelled with their secret, and cancelled by who has none.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { asXml, type ContextOutcome } from '#test/lifecycle/fronts.ts';
import { holdOutcome, pick, type Real } from '#test/lifecycle/hold.ts';
import {
  type Audience,
  type ContextToken,
  canIssue,
  canRenew,
  isActive,
  isDead,
  issued,
  type Model,
  mayCancel,
  renewed,
  USERS,
  type User,
  type Wish,
} from '#test/lifecycle/model.ts';
import { APPLIES_TO } from '#test/lifecycle/world.ts';
import { aDerivedKey, aDerivedKeyToken, aReferenceTo } from '#test/support/soap/derived-key.ts';
import { SIGNATURE, signMessage } from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { aTimestamp } from '#test/support/ws-trust/context-message.ts';
import { anIssueMessage, aTargetMessage } from '#test/support/ws-trust/messages.ts';
import { anAppliesTo, anRst } from '#test/support/ws-trust/rst.ts';
import { about, type Context, toIdentifier, V13 } from '#test/support/ws-trust/security-context.ts';
import { type Command, commands, presented } from './command.ts';

const SCT = `${V13.wsc}/sct`;
const audiences = fc.constantFrom<Audience>('orders', 'ledger');
const servers = fc.constantFrom(0 as const, 1 as const);

/** Signed with a key derived of the secret; no two are the same message. */
function signed({ id, secret, token }: Context, body: string, now: number): string {
  const nonce = randomBytes(16);
  const derived = aDerivedKeyToken(aReferenceTo(id, SCT), { nonce: nonce.toString('base64') });
  const header = `<wsse:Security>${token}${derived}${aTimestamp(now)}${SIGNATURE}</wsse:Security>`;
  return signMessage(anEnvelope({ header, body, bodyId: 'body' }), {
    key: aDerivedKey(secret, { nonce }),
    keyInfo: aReferenceTo('dkt'),
  });
}

const withoutLogin = (message: string): string =>
  message.replace(/<o:Security.*<\/o:Security>/, '');

function keepContext(
  model: Model,
  { context, outcome }: ContextOutcome,
  made: Pick<ContextToken, 'chain' | 'expiry' | 'count'>,
): string {
  const name = `c${model.contexts.length + 1}`;
  if (!context || !('text' in outcome)) throw new Error('no context');
  assert.equal(outcome.expiry, made.expiry, `${name} ends otherwise`);
  model.contexts.push({ ...made, name, context, isUsed: false });
  return name;
}

/** Every context, as its owner is told and as another user is.
 * @throws {AssertionError} */
export async function holdContexts(model: Model, real: Real): Promise<void> {
  await Promise.all(
    model.contexts.flatMap((context, index) =>
      USERS.map((by) => holdContext({ context, by, index }, model, real)),
    ),
  );
}

interface Asked {
  readonly context: ContextToken;
  readonly by: User;
  readonly index: number;
}

async function holdContext({ context, by, index }: Asked, model: Model, { fronts, turn }: Real) {
  const server = (index + turn) % 2 === 0 ? 0 : 1;
  const message = aTargetMessage('Validate', { user: by, target: context.context.token });
  const { told } = await fronts.context({ server }, withoutLogin(message), by);
  const expected = isActive(context, by, model.now());
  const actual = told.includes('/status/valid<');
  assert.ok(actual || told.includes('/status/invalid<'), told);
  assert.equal(
    actual,
    expected,
    `${context.name}, asked by ${by}: ${actual ? 'active' : 'not active'}`,
  );
}

const issueContext = commands(
  fc.record({
    by: fc.constantFrom(...USERS),
    of: fc.option(fc.nat(99), { nil: undefined, freq: 2 }),
    audience: audiences,
    afterExpiry: fc.boolean(),
    server: servers,
  }),
  {
    name: 'issue context',
    async run({ afterExpiry, audience, by: user, of, server }, model, real) {
      const now = model.now();
      const apt = model.tokens.filter(({ chain }) => chain.owner === user);
      const token = of === undefined || apt.length === 0 ? undefined : pick(apt, of);
      const message = anIssueMessage({
        user,
        tokenType: SCT,
        appliesTo: APPLIES_TO[audience],
        ...(token && { onBehalfOf: asXml(presented(token)) }),
        ...(afterExpiry && { children: '<trust:Renewing OK="true"/>' }),
      }).replace('/Bearer', '/SymmetricKey');
      const answer = await real.fronts.context({ server }, withoutLogin(message), user);
      const wish: Wish = {
        by: user,
        subject: token ?? 'self',
        actor: undefined,
        type: 'sct',
        audience,
        renewing: { afterExpiry },
      };
      const what = `${user} for ${token?.name ?? 'themselves'}`;
      if (!holdOutcome(answer.outcome, canIssue(wish, now), what)) return `${what}: refused`;
      const name = keepContext(model, answer, issued(wish, now));
      await holdContexts(model, real);
      return `${what}: ${name}`;
    },
  },
);

/** A context with whose secret one of our users asks. */
const usable = ({ contexts, now }: Model): readonly ContextToken[] =>
  contexts.filter(
    ({ chain, expiry }) => USERS.some((user) => user === chain.subject) && now() < expiry,
  );

const useContext = commands(
  fc.record({
    kind: fc.constantFrom('issue' as const, 'renew' as const, 'cancel' as const),
    at: fc.nat(99),
    audience: audiences,
    server: servers,
  }),
  {
    name: 'use context',
    check: (model) => usable(model).length > 0,
    async run({ kind, at, audience, server }, model, real) {
      const now = model.now();
      const used = pick(usable(model), at);
      const { chain, context, name } = used;
      const by = pick(
        USERS.filter((user) => user === chain.subject),
        0,
      );
      const what = `${kind} with ${name}`;
      const wished = anAppliesTo(APPLIES_TO[audience]);
      const bodies = {
        issue: () => anRst({ children: `${wished}<t:TokenType>${SCT}</t:TokenType>` }),
        renew: () => about(context, 'Renew', context.token.replace(/ wsu:Id="[^"]*"/, '')),
        cancel: () => about(context, 'Cancel', toIdentifier(context)),
      };
      const answer = await real.fronts.context({ server }, signed(context, bodies[kind](), now));
      const renewing = { afterExpiry: false };
      const wish: Wish = { by, subject: used, actor: undefined, type: 'sct', audience, renewing };
      // Alone, the secret speaks for whom the context is about where they asked for it themselves.
      const isCredential = chain.owner === by && !isDead(chain);
      const isAllowed = isCredential && (kind !== 'renew' || canRenew(used, by, now));
      if (!holdOutcome(answer.outcome, isAllowed, what)) return `${what}: refused`;
      if (kind === 'issue') keepContext(model, answer, issued(wish, now));
      else if (kind === 'renew') keepContext(model, answer, renewed(used, now));
      else chain.isCancelled = true;
      await holdContexts(model, real);
      return what;
    },
  },
);

const cancelWithoutSecret = commands(
  fc.record({ by: fc.constantFrom(...USERS), at: fc.nat(99), server: servers }),
  {
    name: 'cancel context',
    check: (model) => usable(model).length > 0,
    async run({ at, by, server }, model, real) {
      const { chain, context, name } = pick(usable(model), at);
      const message = aTargetMessage('Cancel', { user: by, target: context.token });
      const { outcome } = await real.fronts.context({ server }, withoutLogin(message), by);
      const what = `${by} cancels ${name} without its secret`;
      // Its owner is nobody without the secret; who may revoke for the target is.
      const isAllowed = !isDead(chain) && mayCancel({ ...chain, owner: 'gateway' }, by);
      if (!holdOutcome(outcome, isAllowed, what)) return `${what}: refused`;
      chain.isCancelled = true;
      await holdContexts(model, real);
      return what;
    },
  },
);

export const CONTEXTS: readonly fc.Arbitrary<Command>[] = [
  issueContext,
  useContext,
  useContext,
  cancelWithoutSecret,
];
