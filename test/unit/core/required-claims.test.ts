import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '#core/decide.ts';
import {
  aClaim,
  aMappingRule,
  anEvidence,
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

test('WS-Trust 1.3 §4.1: refuses where a required claim cannot be given, also under its inbound name', () => {
  assert.throws(() => decide(wanting(['email']), policy, moment), refusedAs('claim-missing'));
  assert.throws(
    () => decide(wanting(['mail', 'phone']), policy, moment),
    refusedAs('claim-missing'),
  );
});
