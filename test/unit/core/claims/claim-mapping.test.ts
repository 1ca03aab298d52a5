import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ClaimSet, RESERVED_CLAIMS } from '#core/claims/claim.ts';
import { type MappingRule, mapClaims, mappedClaims } from '#core/claims/claim-mapping.ts';
import { expressionContext } from '#core/decision/evidence.ts';
import {
  aClaim,
  aMappingRule,
  anEvidence,
  anExpression,
  aRelyingParty,
  fails,
  OWN_ISSUER,
  PARTNER_ISSUER,
  refusedAs,
  yields,
} from '#test/support/core.ts';

function map(rules: readonly MappingRule[], claims: ClaimSet = []) {
  const context = expressionContext(anEvidence({ subject: { claims } }), aRelyingParty());
  return mapClaims(rules, { claims, context, issuer: OWN_ISSUER });
}

const mapTo = (rules: readonly MappingRule[], claims: ClaimSet = []) =>
  mappedClaims(map(rules, claims));

describe('mapClaims', () => {
  test('Claims: renames a claim and keeps who stated it', () => {
    const claims = [aClaim({ originalIssuer: 'urn:registry' })];

    const mapped = mapTo([aMappingRule({ claim: 'dept' })], claims);

    assert.deepEqual(mapped, [
      { name: 'dept', values: ['sales'], issuer: PARTNER_ISSUER, originalIssuer: 'urn:registry' },
    ]);
  });

  test('Claims: what no rule names does not pass', () => {
    assert.deepEqual(mapTo([], [aClaim()]), []);
  });

  test('Claims: a constant and an expression are our own statements', () => {
    const mapped = mapTo([
      aMappingRule({ claim: 'tier', source: { constant: 'gold' } }),
      aMappingRule({ claim: 'level', source: { expression: yields(3) } }),
    ]);

    assert.deepEqual(mapped, [
      { name: 'tier', values: ['gold'], issuer: OWN_ISSUER, originalIssuer: OWN_ISSUER },
      { name: 'level', values: [3], issuer: OWN_ISSUER, originalIssuer: OWN_ISSUER },
    ]);
  });

  test('Claims: an expression that yields a list gives several values', () => {
    const rule = aMappingRule({ source: { expression: yields(['a', 'b']) }, multiple: true });

    assert.deepEqual(mapTo([rule])[0]?.values, ['a', 'b']);
  });

  test('Claims: an expression that fails yields nothing and says why', () => {
    const [mapped] = map([aMappingRule({ source: { expression: fails } })]);

    assert.equal(mapped?.claim, undefined);
    assert.equal(mapped?.note, 'no such key');
  });

  test('Claims: a required rule that yields nothing is a refusal', () => {
    const required = { required: true } as const;

    assert.throws(() => map([aMappingRule(required)]), refusedAs('claim-missing'));
    assert.throws(
      () => map([aMappingRule({ ...required, source: { expression: fails } })]),
      refusedAs('claim-missing'),
    );
    assert.throws(
      () => map([aMappingRule({ ...required, when: yields(false) })], [aClaim()]),
      refusedAs('claim-missing'),
    );
    assert.throws(
      () => map([aMappingRule({ ...required, only: ['other'] })], [aClaim()]),
      refusedAs('claim-missing'),
    );
  });

  for (const [what, when] of [
    ['is false', yields(false)],
    ['is true as text only', yields('true')],
    ['is a number', yields(1)],
    ['fails', fails],
  ] as const) {
    test(`Claims: a rule does not apply when its condition ${what}`, () => {
      assert.deepEqual(mapTo([aMappingRule({ when })], [aClaim()]), []);
    });
  }

  test('Claims: a rule applies when its condition holds', () => {
    const isSales = anExpression(({ claims }) => ({ value: claims['department'] === 'sales' }));

    assert.equal(mapTo([aMappingRule({ when: isSales })], [aClaim()]).length, 1);
  });

  test('Claims: only the listed values pass', () => {
    const claims = [aClaim({ values: ['sales', 'admin', 'ops'] })];

    const mapped = mapTo([aMappingRule({ multiple: true, only: ['sales', 'ops'] })], claims);

    assert.deepEqual(mapped[0]?.values, ['sales', 'ops']);
  });

  test('Claims: refuses several values where the rule allows one', () => {
    const claims = [aClaim({ values: ['sales', 'admin'] })];

    assert.throws(() => map([aMappingRule()], claims), refusedAs('claim-missing'));
  });

  test('Claims: a list is no single value: alone in a list it would be several in the token', () => {
    for (const value of [['sales', 'admin'], ['sales'], [], [['sales']]]) {
      const claims = [aClaim({ values: [value] })];

      assert.throws(() => map([aMappingRule()], claims), refusedAs('claim-missing'));
      assert.deepEqual(mapTo([aMappingRule({ multiple: true })], claims)[0]?.values, [value]);
    }
  });

  test('Claims: an expression that yields a list of lists gives no single value', () => {
    const rule = aMappingRule({ source: { expression: yields([['a', 'b']]) } });

    assert.throws(() => map([rule]), refusedAs('claim-missing'));
  });

  test('Claims: refuses several claims of one name where the rule allows one value', () => {
    const claims = [aClaim(), aClaim({ values: ['admin'] })];

    assert.throws(() => map([aMappingRule()], claims), refusedAs('claim-missing'));
  });

  test('Claims: joins claims of one name and one origin where the rule allows several values', () => {
    const claims = [aClaim(), aClaim({ values: ['ops'] })];

    const mapped = mapTo([aMappingRule({ multiple: true })], claims);

    assert.deepEqual(mapped[0]?.values, ['sales', 'ops']);
  });

  test('Claims: refuses to join what different parties stated: one would speak with the voice of the other', () => {
    const claims = [
      aClaim(),
      aClaim({ values: ['admin'], originalIssuer: 'https://evil.example' }),
    ];

    assert.throws(
      () => map([aMappingRule({ multiple: true })], claims),
      refusedAs('claim-missing'),
    );
  });

  test('Claims: a claim without values lends its origin to no other', () => {
    const empty = aClaim({ values: [], originalIssuer: 'urn:trusted' });

    const mapped = mapTo([aMappingRule()], [empty, aClaim()]);

    assert.deepEqual(mapped, [aClaim()]);
  });

  test('Claims: null is no value', () => {
    assert.deepEqual(mapTo([aMappingRule()], [aClaim({ values: [null] })]), []);
    assert.deepEqual(mapTo([aMappingRule({ source: { expression: yields(null) } })]), []);
  });

  test('Claims: a later rule for the same claim replaces an earlier one', () => {
    const mapped = mapTo([
      aMappingRule({ source: { constant: 'first' } }),
      aMappingRule({ source: { constant: 'second' } }),
    ]);

    assert.deepEqual(
      mapped.map(({ values }) => values),
      [['second']],
    );
  });

  test('Claims: a later rule that yields nothing leaves the earlier one', () => {
    const mapped = mapTo([
      aMappingRule({ source: { constant: 'default' } }),
      aMappingRule({ source: { from: 'missing' } }),
    ]);

    assert.deepEqual(mapped[0]?.values, ['default']);
  });

  test('Claims: reads a claim that is called like a member of every object as what it is', () => {
    const claims = [aClaim({ name: '__proto__', values: ['polluted'] })];

    const mapped = mapTo([aMappingRule({ claim: 'note', source: { from: '__proto__' } })], claims);

    assert.deepEqual(mapped[0]?.values, ['polluted']);
    assert.deepEqual(mapTo([aMappingRule({ source: { from: 'toString' } })]), []);
  });

  for (const name of RESERVED_CLAIMS) {
    test(`Claims: no rule may write the reserved claim ${name}`, () => {
      const rule = aMappingRule({ claim: name, source: { constant: 'forged' } });

      assert.throws(() => map([rule]), /may not write/);
    });
  }

  test('RFC 8693 §4.1: act, client_id and what binds or bounds a token are reserved', () => {
    const names = ['act', 'may_act', 'client_id', 'sub', 'iss', 'aud', 'exp', 'scope', 'cnf'];

    for (const name of [...names, 'authorization_details', '__proto__', 'actort'])
      assert.ok(RESERVED_CLAIMS.has(name), name);
  });
});
