// What becomes of tokens: renewed, refreshed, cancelled, revoked, over.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isClient } from '#test/lifecycle/fronts.ts';
import { holdOutcome, pick } from '#test/lifecycle/hold.ts';
import {
  type Chain,
  CLIENTS,
  canRenew,
  isDead,
  isOnRecord,
  MARGIN_SECONDS,
  type Model,
  mayCancel,
  refreshed,
  refreshOutcome,
  renewed,
  USERS,
} from '#test/lifecycle/model.ts';
import {
  type Command,
  commands,
  hasTokens,
  keepToken,
  meant,
  presented,
  subjects,
  ways,
} from './command.ts';

const hasFamilies = ({ families }: Model): boolean => families.length > 0;

const renew = commands(fc.record({ what: subjects, way: ways }), {
  name: 'renew',
  check: hasTokens,
  async run({ what: subject, way }, model, { fronts }) {
    const now = model.now();
    const { token, by: party } = meant(subject, model, {
      apt: (one) => canRenew(one, one.chain.owner, now),
      near: ({ isUsed }) => isUsed,
    });
    // Clients renew by refresh tokens.
    const by = isClient(party) ? pick(USERS, subject.at) : party;
    const what = `${by} renews ${token.name}`;
    const outcome = await fronts.renew(by, way, presented(token));
    if (!holdOutcome(outcome, canRenew(token, by, now), what)) return `${what}: refused`;
    return `${what}: ${keepToken(model, { ...renewed(token, now), outcome })}`;
  },
});

/** Whether others live and die with it. */
const isKin = (chain: Chain, { families, tokens }: Model): boolean =>
  tokens.filter((other) => other.chain === chain).length > 1 ||
  [...families, ...tokens].some((other) => other.chain.parents.includes(chain));

const cancel = commands(fc.record({ what: subjects, way: ways }), {
  name: 'cancel',
  check: ({ tokens, now }) => tokens.some((token) => isOnRecord(token, now())),
  async run({ what: subject, way }, model, { fronts }) {
    const tokens = model.tokens.filter((token) => isOnRecord(token, model.now()));
    const { token, by } = meant(
      subject,
      { tokens },
      {
        apt: ({ chain }) => !isDead(chain) && isKin(chain, model),
        near: ({ chain }) => isKin(chain, model),
      },
    );
    const { chain, name } = token;
    const what = `${by} cancels ${name}`;
    const outcome = await fronts.cancel(by, way, presented(token));
    // SOAP has no name for an ID token. A dead one is cancelled by whom a live one is: others do not learn that it is dead.
    const isKnown = chain.type !== 'id_token' || isClient(by);
    const isAllowed = isKnown && mayCancel(chain, by);
    if (!holdOutcome(outcome, isAllowed, what)) return `${what}: refused`;
    if (!isDead(chain)) chain.isCancelled = true;
    return what;
  },
});

const refresh = commands(
  fc.record({
    role: fc.constantFrom('owner' as const, 'owner' as const, 'owner' as const, ...CLIENTS),
    at: fc.nat(99),
    back: fc.constantFrom(0, 0, 0, 1, 1, 2),
    way: ways,
  }),
  {
    name: 'refresh',
    check: hasFamilies,
    async run({ role, at, back, way }, model, { fronts }) {
      const family = pick(model.families, at);
      const { chain, current, name, texts } = family;
      const party = role === 'owner' ? chain.owner : role;
      const by = isClient(party) ? party : assert.fail('a refresh token of a user');
      const number = Math.max(current - back, 1);
      const use = { number, by, now: model.now() };
      const what = `${by} uses ${name} number ${number}`;
      const expected = refreshOutcome(family, use);
      const { successor, outcome } = await fronts.refresh(by, way, texts.get(number) ?? '');
      if (!holdOutcome(outcome, expected === 'refreshed', what)) {
        if (expected === 'replayed') chain.isCancelled = true;
        return `${what}: ${expected === 'replayed' ? 'revoked' : 'refused'}`;
      }
      assert.equal(successor, texts.get(number + 1) ?? successor, `${what}: another successor`);
      const made = refreshed(family, use, successor);
      return `${what}: ${keepToken(model, { ...made, outcome })}`;
    },
  },
);

const revokeFamily = commands(
  fc.record({ by: fc.constantFrom(...CLIENTS), at: fc.nat(99), back: fc.nat(1), way: ways }),
  {
    name: 'revoke refresh token',
    check: hasFamilies,
    async run({ by, at, back, way }, model, { fronts }) {
      const { chain, current, end, name, texts } = pick(model.families, at);
      const number = Math.max(current - back, 1);
      const what = `${by} revokes ${name} number ${number}`;
      const now = model.now();
      // RFC 7009 §2.1: others are refused, dead or alive; §2.2: of one that is no longer on record nobody is.
      const isAllowed = chain.owner === by || now >= end + MARGIN_SECONDS;
      const outcome = await fronts.revoke(by, way, texts.get(number) ?? '');
      if (!holdOutcome(outcome, isAllowed, what)) return `${what}: refused`;
      if (chain.owner === by && now < end) chain.isCancelled = true;
      return what;
    },
  },
);

const wait = commands(
  fc.record({ seconds: fc.constantFrom(1, 30, 61, 61, 100, 250, 301, 361, 700) }),
  {
    name: 'wait',
    async run({ seconds }, _, { servers }) {
      servers.clock.advance(seconds);
      return `${seconds} s`;
    },
  },
);

/** What takes no time. */
export const LIVING: readonly fc.Arbitrary<Command>[] = [
  renew,
  renew,
  renew,
  renew,
  cancel,
  cancel,
  refresh,
  refresh,
  revokeFamily,
];
export const WAITING = wait;
