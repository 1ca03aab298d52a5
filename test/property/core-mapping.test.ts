// Laws of claim mapping, over arbitrary rules and claims.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Claim, type ClaimSet, type ClaimValue, RESERVED_CLAIMS } from '#core/claims/claim.ts';
import { type MappingRule, mapClaims, mappedClaims } from '#core/claims/claim-mapping.ts';
import { expressionContext } from '#core/decision/evidence.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { anEvidence, aRelyingParty, fails, OWN_ISSUER, yields } from '#test/support/core.ts';

const name = fc.constantFrom('department', 'groups', 'mail', '__proto__', 'sub', 'act', 'toString');
const target = fc.constantFrom('dept', 'role', 'groups', 'hasOwnProperty');
const mostly = <T>(ordinary: T, ...others: readonly T[]) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(ordinary) }, fc.constantFrom(...others));
const issuer = mostly('urn:a', 'urn:b', OWN_ISSUER);
const value = fc.oneof(
  fc.string(),
  fc.constantFrom<ClaimValue>('x', 'y', 1, true, null),
  fc.constantFrom<ClaimValue>({ nested: ['x'] }, ['x', 'y']),
);
const claim: fc.Arbitrary<Claim> = fc.record({
  name,
  values: fc.array(value, { maxLength: 3 }),
  issuer,
  originalIssuer: issuer,
});
const rule: fc.Arbitrary<MappingRule> = fc
  .record({
    claim: target,
    source: fc.oneof(
      fc.record({ from: name }),
      fc.record({ constant: value }),
      fc.record({ expression: fc.constantFrom(yields('made'), yields(['a', 'b']), fails) }),
    ),
    when: fc.constantFrom(undefined, yields(true), yields(false), fails),
    required: mostly(false, true),
    multiple: mostly(true, false),
    only: fc.option(fc.array(value, { maxLength: 3 }), { nil: undefined }),
  })
  .map(({ when, only, ...rest }) => ({ ...rest, ...(when && { when }), ...(only && { only }) }));

/** What a mapping yields; a refusal is undefined. */
function yielded(rules: readonly MappingRule[], claims: ClaimSet): ClaimSet | undefined {
  const context = expressionContext(anEvidence({ subject: { claims } }), aRelyingParty());
  try {
    return mappedClaims(mapClaims(rules, { claims, context, issuer: OWN_ISSUER }));
  } catch (cause) {
    assert.ok(cause instanceof ExchangeFailure && cause.reason === 'claim-missing');
    return undefined;
  }
}

function holds(
  law: (out: ClaimSet, rules: readonly MappingRule[], claims: ClaimSet) => void,
): void {
  let seen = 0;
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 4 }),
      fc.array(claim, { maxLength: 6 }),
      (rules, claims) => {
        const out = yielded(rules, claims);
        if (!out) return;
        seen += out.length;
        law(out, rules, claims);
      },
    ),
    { numRuns: 4000 },
  );
  assert.ok(seen > 100, `only ${seen} claims were seen`);
}

describe('claim mapping, over arbitrary rules and claims', () => {
  test('RFC 8693 §4.1: writes no reserved claim', () => {
    holds((out) => {
      for (const made of out) assert.ok(!RESERVED_CLAIMS.has(made.name), made.name);
    });
  });

  test('RFC 8693 §4.1: a rule for a reserved claim is never applied, whatever it says', () => {
    fc.assert(
      fc.property(rule, fc.constantFrom(...RESERVED_CLAIMS), (any, reserved) => {
        const context = expressionContext(anEvidence(), aRelyingParty());
        const forged = { ...any, claim: reserved };

        assert.throws(() => mapClaims([forged], { claims: [], context, issuer: OWN_ISSUER }));
      }),
    );
  });

  test('Claims: what no rule names does not pass, and each name stands once', () => {
    holds((out, rules) => {
      const named = new Set(rules.map(({ claim: to }) => to));
      for (const made of out) assert.ok(named.has(made.name));
      assert.equal(new Set(out.map((made) => made.name)).size, out.length);
    });
  });

  test('Claims: every value comes from a claim the rule names, a constant or an expression', () => {
    holds((out, rules, claims) => {
      for (const made of out) {
        const sources = rules
          .filter(({ claim: to }) => to === made.name)
          .flatMap(({ source }): readonly ClaimValue[] => {
            if ('from' in source)
              return claims.flatMap((one) => (one.name === source.from ? one.values : []));
            return 'constant' in source ? [source.constant] : ['made', 'a', 'b'];
          });
        for (const one of made.values) assert.ok(sources.includes(one));
      }
    });
  });

  test('Claims: the origin of a value is who stated it, or we', () => {
    holds((out, rules, claims) => {
      for (const made of out) {
        const isOurs = made.issuer === OWN_ISSUER && made.originalIssuer === OWN_ISSUER;
        const from = rules.flatMap(({ claim: to, source }) =>
          to === made.name && 'from' in source ? [source.from] : [],
        );
        const isTold = made.values.every((one) =>
          claims.some(
            (given) =>
              from.includes(given.name) &&
              given.values.includes(one) &&
              given.issuer === made.issuer &&
              given.originalIssuer === made.originalIssuer,
          ),
        );
        assert.ok(isOurs || isTold, JSON.stringify(made));
      }
    });
  });

  test('Claims: never empty, never null, never several values where one is allowed, never outside the list', () => {
    holds((out, rules) => {
      for (const { name: to, values } of out) {
        assert.ok(values.length > 0 && !values.includes(null));
        const candidates = rules.filter(({ claim: written }) => written === to);
        const isAllowed = candidates.some(
          ({ multiple, only }) =>
            (multiple || (values.length === 1 && !Array.isArray(values[0]))) &&
            (!only || values.every((one) => only.includes(one))),
        );
        assert.ok(isAllowed);
      }
    });
  });

  test('Claims: a required rule yields or refuses', () => {
    holds((out, rules) => {
      for (const { claim: to, required } of rules)
        if (required) assert.ok(out.some((made) => made.name === to));
    });
  });

  test('Claims: the input is not changed', () => {
    holds((_, __, claims) => {
      assert.equal(JSON.stringify(claims), JSON.stringify(structuredClone(claims)));
    });
  });
});
