// On what terms a token can be renewed, as they are on record with it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '#core/decision/decide.ts';
import type { ValidatedToken } from '#core/token/security-token.ts';
import {
  anEvidence,
  anOwnToken,
  aPolicyRow,
  aRelyingParty,
  aValidatedToken,
  NOW,
  rules,
} from '#test/support/core.ts';

const row = (id: string, lifetimeSeconds: number) =>
  aPolicyRow({ id, targets: [id], grant: { renewal: { lifetimeSeconds, maxCount: 3 } } });

const termsFor = (subject: ValidatedToken, ...targets: readonly string[]) => {
  const named = targets.map((value) => ({ kind: 'audience', value }) as const);
  const request = { renewal: { afterExpiry: false }, ...(named.length > 0 && { targets: named }) };
  const inForce = rules({
    relyingParties: [aRelyingParty(), aRelyingParty({ id: 'billing' })],
    rows: [row('orders', 3600), row('billing', 1800)],
  });
  const evidence = { ...anEvidence({ request }), subject };
  return decide(evidence, inForce, { now: NOW, tokenId: 'new-token-1' }).renewal;
};

test('ws-trust §3.4: a chain that begins with a token of ours is renewed no longer, and counted on from there', () => {
  const renewed = termsFor(anOwnToken({ renewableUntil: NOW + 1000, renewals: 2 }));
  const first = termsFor(anOwnToken({ renewableUntil: NOW + 1000, renewals: 0 }));

  assert.deepEqual([renewed?.notOnOrAfter, renewed?.count, renewed?.begunAt], [NOW + 1000, 2, NOW]);
  assert.deepEqual([first?.notOnOrAfter, first?.count, first?.begunAt], [NOW + 1000, 0, undefined]);
});

test('ws-trust §3.4: what is made of a token of ours that cannot be renewed ends with it', () => {
  const lifetime = { notBefore: NOW - 60, notOnOrAfter: NOW + 100 };

  assert.equal(termsFor(anOwnToken({ lifetime }))?.notOnOrAfter, NOW + 100);
});

test('ws-trust §3.4: evidence of others, and what was proved here, is no end; the least that a row grants is', () => {
  const lifetime = { notBefore: NOW - 60, notOnOrAfter: NOW + 100 };

  assert.equal(termsFor(aValidatedToken({ lifetime }))?.notOnOrAfter, NOW + 3600);
  assert.equal(termsFor(anOwnToken({ type: 'username', lifetime }))?.notOnOrAfter, NOW + 3600);
  assert.equal(termsFor(aValidatedToken(), 'orders', 'billing')?.notOnOrAfter, NOW + 1800);
});

test('RFC 8725 §3.12: what the evidence was by its own word is on record with them', () => {
  const written = termsFor(aValidatedToken({ type: 'jwt', writtenType: 'access_token' }));

  assert.deepEqual([written?.subject.type, written?.subject.writtenType], ['jwt', 'access_token']);
});
