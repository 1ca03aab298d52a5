// Laws of a decision, over arbitrary evidence and arbitrary rules.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decide } from '#core/decision/decide.ts';
import type { Evidence } from '#core/decision/evidence.ts';
import { ACTOR_CHAIN_CEILING } from '#core/delegation/actor-chain.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { PolicyRules } from '#core/policy.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import { anEvidence, aValidatedToken, NOW, PARTNER_ISSUER, rules } from '#test/support/core.ts';
import {
  askingEvidence,
  boundEvidence,
  denyingRules,
  evidence,
  generousRules,
  inForce,
  namingEvidence,
  ownEvidence,
} from './arbitrary-evidence.ts';

const RUNS = { numRuns: 500 };

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

/** Holds a law of the grants that `concerns` picks, of evidence `from`. */
function holds(
  law: (spec: TokenSpec, of: Evidence, by: PolicyRules) => void,
  concerns: (of: Evidence, by: PolicyRules) => boolean = () => true,
  from: fc.Arbitrary<Evidence> = evidence,
  under: fc.Arbitrary<PolicyRules> = inForce,
): void {
  let grants = 0;
  const property = fc.property(from, under, (of, by) => {
    const spec = granted(of, by);
    if (!spec || !concerns(of, by)) return;
    grants += 1;
    law(spec, of, by);
  });
  fc.assert(property, { ...RUNS, numRuns: 3000 });
  // A law that was never put to the test proves nothing.
  assert.ok(grants > 100, `only ${grants} grants were seen`);
}

const isOfClient = ({ request }: Evidence): boolean => request.requestor.kind === 'client';

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
    holds(
      (spec, { request }) => assert.deepEqual(new Set(spec.scopes), new Set(request.scopes)),
      ({ request: { scopes: asked = [] } }) => asked.length > 0,
      askingEvidence,
      generousRules,
    );
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
    const law = (spec: TokenSpec, { request, subject, actor: acting }: Evidence): void => {
      assert.deepEqual(spec.confirmation, request.requestor.confirmation);
      for (const { confirmation: wanted } of [subject, acting ?? subject])
        if (wanted.method !== 'bearer') assert.deepEqual(spec.confirmation, wanted);
    };

    holds(law);
    holds(law, () => true, boundEvidence);
  });

  test('RFC 8693 §2.1: a token of ours only in the hands of a client that is a party of it or showed it as its own credential', () => {
    const law = (
      _: TokenSpec,
      { request: { requestor: by }, subject, actor: acting }: Evidence,
    ) => {
      const { identity } = by;
      for (const { trustedIssuer: from, type, ...token } of [subject, acting ?? subject]) {
        if (from !== 'self' || ['requestor', 'username'].includes(type)) continue;
        const isAddressed = [by.id, ...by.represents].some((name) =>
          token.audiences.includes(name),
        );
        const isShown = identity?.trustedIssuer === 'self' && identity.id === token.id;
        assert.ok(isAddressed || isShown || token.originClient === by.id);
      }
    };

    holds(law, isOfClient);
    holds(law, isOfClient, ownEvidence);
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
    holds(
      (spec, { request }, by) => {
        for (const { effect, requestors, targets, when } of by.rows) {
          if (effect === 'allow' || !requestors.includes(request.requestor.id)) continue;
          if (!spec.relyingParties.some((target) => targets.includes(target))) continue;
          assert.deepEqual(when?.evaluate({} as never), { value: false });
        }
      },
      isOfClient,
      evidence,
      denyingRules,
    );
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
