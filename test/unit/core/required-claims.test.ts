import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClaimValue } from '#core/claims/claim.ts';
import type { MappingRule } from '#core/claims/claim-mapping.ts';
import { decide } from '#core/decision/decide.ts';
import {
  aClaim,
  aMappingRule,
  anEvidence,
  aPolicyRow,
  aRelyingParty,
  NOW,
  refusedAs,
  rules,
} from '#test/support/core.ts';

const moment = { now: NOW, tokenId: 'new-token' };
const policy = rules({
  relyingParties: [
    aRelyingParty({ claims: [aMappingRule({ claim: 'mail', source: { from: 'email' } })] }),
  ],
});
const wanting = (requiredClaims: readonly string[]) =>
  anEvidence({ request: { requiredClaims }, subject: { claims: [aClaim({ name: 'email' })] } });

test('WS-Trust 1.3 §4.1: a required claim that the mapping yields is in the token', () => {
  const { claims } = decide(wanting(['mail']), policy, moment);

  assert.deepEqual(
    claims.map(({ name }) => name),
    ['mail'],
  );
});

const wishing = (
  values: readonly string[],
  {
    inbound,
    required = [],
    rule = {},
    isOfRow = false,
  }: {
    inbound: readonly ClaimValue[];
    required?: readonly string[];
    rule?: Partial<MappingRule>;
    /** Of the policy row, and not of the relying party. */
    isOfRow?: boolean;
  },
) => {
  const evidence = anEvidence({
    request: { requiredClaims: required, claimValues: new Map([['mail', values]]) },
    subject: { claims: [aClaim({ name: 'email', values: inbound })] },
  });
  const source = { from: 'email' };
  const copyAll = aMappingRule({ claim: 'mail', source, multiple: true, ...rule });
  const inForce = isOfRow
    ? rules({ rows: [aPolicyRow({ grant: { claims: [copyAll] } })] })
    : rules({ relyingParties: [aRelyingParty({ claims: [copyAll] })] });
  return decide(evidence, inForce, moment).claims.map((claim) => claim.values);
};

test('WS-Federation 1.2 §9.3: of a claim with wished values only these are in the token', () => {
  assert.deepEqual(wishing(['b', 'c'], { inbound: ['a', 'b'] }), [['b']]);
  assert.deepEqual(wishing(['7', 'true'], { inbound: [7, true, false] }), [[7, true]]);
  assert.deepEqual(wishing(['a'], { inbound: ['a'], required: ['mail'] }), [['a']]);
});

test('WS-Federation 1.2 §9.3: without any wished value the claim is left out, or missed where it is mandatory', () => {
  assert.deepEqual(wishing(['x'], { inbound: ['a', { a: 'x' }, null] }), []);
  assert.throws(
    () => wishing(['A'], { inbound: ['a'], required: ['mail'] }),
    refusedAs('claim-missing'),
  );
});

test('WS-Federation 1.2 §9.3: a wish does not leave out what the mapping requires', () => {
  const rule = { required: true };

  for (const isOfRow of [false, true]) {
    assert.deepEqual(wishing(['b'], { inbound: ['a', 'b'], rule, isOfRow }), [['b']]);
    assert.throws(
      () => wishing(['x'], { inbound: ['a'], rule, isOfRow }),
      refusedAs('claim-missing'),
    );
  }
});

test('WS-Trust 1.3 §4.1: refuses where a required claim cannot be given, also under its inbound name', () => {
  assert.throws(() => decide(wanting(['email']), policy, moment), refusedAs('claim-missing'));
  assert.throws(
    () => decide(wanting(['mail', 'phone']), policy, moment),
    refusedAs('claim-missing'),
  );
});
