// Laws of a decision, over arbitrary evidence and arbitrary rules.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Confirmation } from '#core/confirmation.ts';
import { ACTOR_CHAIN_CEILING } from '#core/decision/actor-chain.ts';
import { decide, type PolicyRules } from '#core/decision/decide.ts';
import type { Evidence } from '#core/decision/evidence.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { Grant, PolicyRow } from '#core/policy.ts';
import { acceptToken, type TokenFacts, type ValidatedToken } from '#core/security-token.ts';
import type { Actor, MayAct } from '#core/subject.ts';
import type { TokenSpec } from '#core/token-spec.ts';
import type { TokenType } from '#core/token-type.ts';
import {
  aGrant,
  anEvidence,
  anExchangeRequest,
  aPolicyRow,
  aRelyingParty,
  aRequestor,
  aValidatedToken,
  fails,
  NOW,
  OWN_ISSUER,
  PARTNER_ISSUER,
  rules,
  yields,
} from '#test/support/core.ts';

const RUNS = { numRuns: 500 };

/** Mostly the ordinary, so that enough is granted to put the laws to the test; the hostile now and then. */
const mostly = <T>(ordinary: fc.Arbitrary<T>, hostile: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: ordinary }, { weight: 1, arbitrary: hostile });
const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  mostly<T | undefined>(fc.constant(undefined), arbitrary);

const issuer = fc.constantFrom(OWN_ISSUER, PARTNER_ISSUER, 'https://evil.example');
const id = fc.constantFrom('alice', 'gateway', 'broker', '__proto__', '');
const scope = fc.constantFrom('a', 'b', 'c', 'd', 'constructor');
const scopes = fc.array(scope, { maxLength: 5 });
const trustedIssuer = mostly(fc.constant('partner'), fc.constantFrom('self', 'other'));
const anyType = fc.constantFrom<TokenType>(
  'access_token',
  'jwt',
  'id_token',
  'saml2',
  'username',
  'requestor',
  'refresh_token',
);
const tokenType = mostly(fc.constant<TokenType>('access_token'), anyType);
const instant = mostly<number>(
  fc.integer({ min: NOW + 1, max: NOW + 5000 }),
  fc.constantFrom(
    Number.NaN,
    NOW,
    NOW - 9,
    Number.POSITIVE_INFINITY,
    Number.MAX_SAFE_INTEGER,
    NOW + 0.5,
  ),
);
const actor: fc.Arbitrary<Actor> = fc.record(
  { issuer, id, clientId: id },
  { requiredKeys: ['issuer', 'id'] },
);
const mayAct: fc.Arbitrary<MayAct> = fc.record({ issuer, id, clientId: id }, { requiredKeys: [] });
/** Without the members that are undefined. */
const defined = <T extends object>(record: T): { [Name in keyof T]: Exclude<T[Name], undefined> } =>
  Object.fromEntries(Object.entries(record).filter(([, held]) => held !== undefined)) as never;

const confirmation = mostly<Confirmation>(
  fc.constant({ method: 'bearer' }),
  fc.constantFrom(
    { method: 'public-key', jwkThumbprint: 'k' } as const,
    { method: 'public-key', certificateThumbprint: 'k' } as const,
  ),
);

const facts: fc.Arbitrary<TokenFacts> = fc
  .record({
    type: tokenType,
    use: fc.constantFrom('subject' as const, 'actor' as const, 'assertion' as const),
    issuer,
    trustedIssuer,
    id: mostly<string | undefined>(id, fc.constant(undefined)),
    subject: fc.record({ issuer, id }),
    claims: fc.array(
      fc.record({
        name: id,
        values: fc.array(fc.constantFrom('x', 1, null)),
        issuer,
        originalIssuer: issuer,
      }),
      { maxLength: 4 },
    ),
    scopes,
    lifetime: fc.record({ notBefore: instant, notOnOrAfter: instant }),
    confirmation,
    audiences: fc.array(fc.constantFrom('orders', 'billing', 'gateway', OWN_ISSUER), {
      maxLength: 2,
    }),
    originClient: fc.option(id, { nil: undefined }),
    actors: mostly(fc.constant<Actor[]>([]), fc.array(actor, { maxLength: 10 })),
    mayAct: rarely(mayAct),
    onceUntil: rarely(instant),
  })
  .map(defined);
const validated: fc.Arbitrary<ValidatedToken> = facts.map((found) => acceptToken(found));

const requestor = fc
  .record({
    kind: mostly(fc.constant('client' as const), fc.constant('principal' as const)),
    id,
    scopes: rarely(scopes),
    represents: fc.subarray(['orders', 'billing']),
    confirmation,
    identity: rarely(validated),
  })
  .map((over) => aRequestor(defined(over)));

const evidence: fc.Arbitrary<Evidence> = fc
  .record({
    asked: fc.record({
      requestor,
      targets: mostly(
        fc.subarray(['orders', 'billing'], { minLength: 1 }),
        fc.subarray(['orders', 'unknown']),
      ),
      requestedType: rarely(anyType),
      scopes: rarely(scopes),
      lifetimeSeconds: rarely(fc.oneof(instant, fc.integer({ min: -1, max: 700 }))),
    }),
    subject: validated,
    actor: fc.option(validated, { nil: undefined }),
  })
  .map(({ asked: { targets, ...asked }, ...tokens }) => ({
    request: anExchangeRequest({
      ...defined(asked),
      targets: targets.map((value) => ({ kind: 'audience', value })),
    }),
    ...tokens,
  }));

const grant: fc.Arbitrary<Grant> = fc
  .record({
    types: fc.subarray<TokenType>(['jwt', 'id_token', 'saml2', 'refresh_token']),
    scopes,
    scopeMode: fc.constantFrom('intersect-subject', 'intersect-client', 'mapped'),
    impersonation: mostly(fc.constant(true), fc.constant(false)),
    delegation: mostly(fc.constant(true), fc.constant(false)),
    requestorAsActor: fc.boolean(),
    lifetimeSeconds: fc.integer({ min: 1, max: 7200 }),
    singleUse: fc.boolean(),
    senderConstraint: mostly(fc.constant(false), fc.constant(true)),
  })
  .map((over) => aGrant(over));

const row: fc.Arbitrary<PolicyRow> = fc
  .record({
    id: fc.constantFrom('row-1', 'row-2'),
    effect: mostly(fc.constant('allow' as const), fc.constant('deny' as const)),
    requestors: fc.constant(['alice', 'gateway', 'broker', '', 'principal:self:alice']),
    targets: mostly<string[]>(
      fc.constant(['orders', 'billing']),
      fc.subarray(['orders', 'billing']),
    ),
    when: fc.constantFrom(undefined, yields(true), yields(true), yields(false), fails),
    grant,
  })
  .map(({ when, ...over }) =>
    aPolicyRow({
      ...over,
      subject: { issuers: ['self', 'partner', 'other'] },
      ...(when && { when }),
    }),
  );

const inForce: fc.Arbitrary<PolicyRules> = fc
  .record({
    rows: fc.array(row, { minLength: 1, maxLength: 4 }),
    orders: scopes,
    billing: scopes,
    maxDepth: mostly(fc.constant(5), fc.integer({ min: 0, max: 20 })),
    selfDelegation: fc.boolean(),
  })
  .map(({ rows, orders, billing, ...over }) =>
    rules({
      rows,
      relyingParties: [
        aRelyingParty({ scopes: orders }),
        aRelyingParty({ id: 'billing', scopes: billing }),
      ],
      ...over,
    }),
  );

/** Decides; a refusal is undefined, anything else that is thrown fails the property. */
function granted(of: Evidence, by: PolicyRules): TokenSpec | undefined {
  try {
    return decide(of, by, { now: NOW, tokenId: 'new' });
  } catch (cause) {
    if (cause instanceof ExchangeFailure) return undefined;
    throw cause;
  }
}

/** The rows that granted, each with its target. */
const groundsOf = (spec: TokenSpec, of: Evidence, by: PolicyRules) =>
  spec.relyingParties.map((target, index) => {
    const party = by.relyingParties.find((candidate) => candidate.id === target);
    const rows = by.rows.filter(
      (candidate) => candidate.id === spec.policyRows[index] && candidate.targets.includes(target),
    );
    assert.ok(party && rows.length > 0, `${of.request.correlationId}: a granting row`);
    return { party, rows };
  });

type ActorMember = 'issuer' | 'id' | 'clientId';
const ACTOR_MEMBERS: ActorMember[] = ['issuer', 'id', 'clientId'];
const nameOfActor = fc.constantFrom<ActorMember[]>(['issuer', 'id'], ACTOR_MEMBERS);

/** The subject token names who may act: mostly who does, by some of its names. */
const namingEvidence: fc.Arbitrary<Evidence> = fc
  .tuple(evidence, validated, mostly(nameOfActor, fc.subarray(ACTOR_MEMBERS)), rarely(mayAct))
  .map(([of, acting, members, other]) => {
    const names = { ...acting.subject, clientId: acting.originClient };
    const own = defined(Object.fromEntries(members.map((member) => [member, names[member]])));
    const subject = acceptToken({ ...of.subject, mayAct: other ?? own });
    return { ...of, subject, actor: acting };
  });

/** Holds a law of the grants that `concerns` picks, of evidence `from`. */
function holds(
  law: (spec: TokenSpec, of: Evidence, by: PolicyRules) => void,
  concerns: (of: Evidence) => boolean = () => true,
  from: fc.Arbitrary<Evidence> = evidence,
): void {
  let grants = 0;
  const property = fc.property(from, inForce, (of, by) => {
    const spec = granted(of, by);
    if (!spec || !concerns(of)) return;
    grants += 1;
    law(spec, of, by);
  });
  fc.assert(property, { ...RUNS, numRuns: 3000 });
  // A law that was never put to the test proves nothing.
  assert.ok(grants > 100, `only ${grants} grants were seen`);
}

describe('decide, over arbitrary evidence and rules', () => {
  test('Policy: throws nothing but a refusal', () => {
    holds(() => undefined);
  });

  test('Scope: never more than the row, the target, the client and, unless mapped, the subject token', () => {
    holds((spec, of, by) => {
      for (const { party, rows } of groundsOf(spec, of, by)) {
        for (const name of spec.scopes) {
          assert.ok(party.scopes.includes(name), 'target');
          assert.ok(of.request.requestor.scopes?.includes(name) ?? true, 'client');
          const isWithinRow = rows.some(
            ({ grant: given }) =>
              given.scopes.includes(name) &&
              (given.scopeMode !== 'intersect-subject' ||
                of.subject.type === 'requestor' ||
                of.subject.scopes.includes(name)),
          );
          assert.ok(isWithinRow, 'row');
        }
      }
    });
  });

  test('Scope: exactly what was asked for, or a refusal', () => {
    holds((spec, of) => {
      const asked = of.request.scopes ?? [];
      if (asked.length > 0) assert.deepEqual(new Set(spec.scopes), new Set(asked));
    });
  });

  test('Policy: never beyond the row, the target, the subject token, the actor token and the wish', () => {
    holds((spec, of, by) => {
      const { notOnOrAfter } = spec.lifetime;
      assert.ok(Number.isSafeInteger(notOnOrAfter) && notOnOrAfter > NOW);
      assert.ok(notOnOrAfter <= of.subject.lifetime.notOnOrAfter);
      assert.ok(!of.actor || notOnOrAfter <= of.actor.lifetime.notOnOrAfter);
      assert.ok(notOnOrAfter <= NOW + (of.request.lifetimeSeconds ?? 7200));
      for (const { party, rows } of groundsOf(spec, of, by)) {
        assert.ok(notOnOrAfter <= NOW + party.token.lifetimeSeconds);
        assert.ok(rows.some(({ grant: given }) => notOnOrAfter <= NOW + given.lifetimeSeconds));
      }
    });
  });

  test('RFC 8693 §4.1: the chain keeps what it inherits, is bounded and does not loop', () => {
    holds((spec, of, by) => {
      const { actors } = spec;
      assert.ok(actors.length <= Math.min(by.maxDepth, ACTOR_CHAIN_CEILING));
      assert.deepEqual(actors.slice(actors.length - of.subject.actors.length), of.subject.actors);
      const names = actors.map((link) => JSON.stringify([link.issuer, link.id]));
      assert.equal(new Set(names).size, names.length);
      if (!by.selfDelegation)
        assert.ok(
          !names.includes(JSON.stringify([of.subject.subject.issuer, of.subject.subject.id])),
        );
    });
  });

  test('RFC 8693 §4.1: whoever presents an actor token stays visible', () => {
    holds(
      (spec, { actor: acting }) => {
        assert.equal(spec.actors[0]?.issuer, acting?.subject.issuer);
        assert.equal(spec.actors[0]?.id, acting?.subject.id);
      },
      ({ actor: acting }) => acting !== undefined,
    );
  });

  test('RFC 8693 §4.4: every member of may_act names the actor', () => {
    holds(
      ({ actors: [shown] }, { subject: { issuer: writer, mayAct: named } }) => {
        const { issuer: at = writer, ...names } = named ?? {};
        assert.notDeepEqual(names, {});
        assert.deepEqual({ ...shown, issuer: at, ...names }, shown);
      },
      ({ subject }) => subject.mayAct !== undefined,
      namingEvidence,
    );
  });

  test('RFC 7800 §3: bound in means bound out, to the key that was proved', () => {
    holds((spec, { request, subject, actor: acting }) => {
      assert.deepEqual(spec.confirmation, request.requestor.confirmation);
      for (const { confirmation: wanted } of [subject, acting ?? subject])
        if (wanted.method !== 'bearer') assert.deepEqual(spec.confirmation, wanted);
    });
  });

  test('RFC 8693 §2.1: a token of ours only in the hands of a client that is a party of it or showed it as its own credential', () => {
    holds((_, { request: { requestor: by }, subject, actor: acting }) => {
      if (by.kind !== 'client') return;
      const { identity } = by;
      for (const { trustedIssuer: from, type, ...token } of [subject, acting ?? subject]) {
        if (from !== 'self' || ['requestor', 'username'].includes(type)) continue;
        const isAddressed = [by.id, ...by.represents].some((name) =>
          token.audiences.includes(name),
        );
        const isShown = identity?.trustedIssuer === 'self' && identity.id === token.id;
        assert.ok(isAddressed || isShown || token.originClient === by.id);
      }
    });
  });

  test('Policy: impersonation and delegation are each granted by every row', () => {
    holds((spec, of, by) => {
      const inherited = of.subject.actors.length;
      const permission = spec.actors.length > inherited ? 'delegation' : 'impersonation';
      const isOwn =
        of.subject.subject.id === of.request.requestor.id ||
        of.subject.type === 'requestor' ||
        of.request.requestor.identity !== undefined;
      if (permission === 'impersonation' && isOwn) return;
      for (const { rows } of groundsOf(spec, of, by))
        assert.ok(
          rows.some(({ grant: given }) => given[permission]),
          permission,
        );
    });
  });

  test('Policy: no deny row that fits is passed over', () => {
    holds((spec, of, by) => {
      const denying = by.rows.filter(({ effect }) => effect === 'deny');
      for (const target of spec.relyingParties)
        for (const { targets, when, requestors } of denying) {
          if (!targets.includes(target) || of.request.requestor.kind === 'principal') continue;
          if (!requestors.includes(of.request.requestor.id)) continue;
          const context = when?.evaluate({} as never) ?? { value: true };
          assert.ok('value' in context && context.value === false);
        }
    });
  });
});

test('Policy: arbitrary claims, targets and scopes of a request are refused or granted, never a crash', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('__proto__', 'toString'),
  );
  fc.assert(
    fc.property(
      fc.array(text),
      fc.array(text),
      fc.array(fc.tuple(text, fc.jsonValue())),
      (asked, names, pairs) => {
        const claims = pairs.map(([name, value]) => ({
          name,
          values: [value as string],
          issuer: PARTNER_ISSUER,
          originalIssuer: PARTNER_ISSUER,
        }));
        const of = anEvidence({
          request: { scopes: asked, targets: names.map((value) => ({ kind: 'resource', value })) },
          requestor: { defaultTarget: 'orders' },
        });
        granted({ ...of, subject: aValidatedToken({ claims }) }, rules());
      },
    ),
    RUNS,
  );
});
