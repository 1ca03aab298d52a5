import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Evidence } from '#core/decision/evidence.ts';
import type { GrantedTargets } from '#core/decision/granted-targets.ts';
import { decideExpiry } from '#core/decision/lifetime.ts';
import type { Grant } from '#core/policy.ts';
import {
  anActorToken,
  anEvidence,
  aPolicyRow,
  aRelyingParty,
  NOW,
  refusedAs,
} from '#test/support/core.ts';

const granted = (grant: Partial<Grant> = {}): GrantedTargets => [
  { party: aRelyingParty(), row: aPolicyRow({ grant }) },
];
const until = (notOnOrAfter: number) => ({ lifetime: { notBefore: 0, notOnOrAfter } });
const expiry = (evidence: Evidence = anEvidence(), on: GrantedTargets = granted()) =>
  decideExpiry(evidence, on, NOW);
const wishing = (lifetimeSeconds: number) => anEvidence({ request: { lifetimeSeconds } });

describe('decideExpiry', () => {
  test('Policy: the lifetime of the row and of the target bound the token', () => {
    assert.equal(expiry(), NOW + 600);
    assert.equal(expiry(anEvidence(), granted({ lifetimeSeconds: 60 })), NOW + 60);
    assert.equal(expiry(anEvidence(), granted({ lifetimeSeconds: 9999 })), NOW + 600);
  });

  test('Policy: the token does not outlive the subject token', () => {
    assert.equal(expiry(anEvidence({ subject: until(NOW + 30) })), NOW + 30);
  });

  test('Policy: the token does not outlive the actor token', () => {
    assert.equal(expiry(anEvidence({ actor: anActorToken(until(NOW + 20)) })), NOW + 20);
  });

  test('WS-Trust 1.3 §4.1: a wish shortens and never lengthens', () => {
    assert.equal(expiry(wishing(10)), NOW + 10);
    assert.equal(expiry(wishing(86_400)), NOW + 600);
    assert.equal(expiry(wishing(Number.POSITIVE_INFINITY)), NOW + 600);
  });

  for (const wish of [0, -1, 0.5, Number.NaN, Number.NEGATIVE_INFINITY])
    test(`WS-Trust 1.3 §4.1: refuses a lifetime of ${wish} seconds`, () => {
      assert.throws(() => expiry(wishing(wish)), refusedAs('lifetime-not-possible'));
    });

  test('Policy: refuses evidence whose time is up, skew or no skew', () => {
    for (const end of [NOW, NOW - 1, NOW + 0.5]) {
      assert.throws(() => expiry(anEvidence({ subject: until(end) })), refusedAs('token-expired'));
      const actor = anActorToken(until(end));
      assert.throws(() => expiry(anEvidence({ actor })), refusedAs('token-expired'));
    }
  });

  test('Policy: an end that is no number is no end in infinity', () => {
    assert.throws(
      () => expiry(anEvidence({ subject: until(Number.NaN) })),
      refusedAs('token-expired'),
    );
    assert.throws(
      () => expiry(anEvidence(), granted({ lifetimeSeconds: Number.NaN })),
      refusedAs('token-expired'),
    );
  });

  test('Policy: an end is a whole second, rounded down', () => {
    assert.equal(expiry(anEvidence({ subject: until(NOW + 30.9) })), NOW + 30);
  });
});
