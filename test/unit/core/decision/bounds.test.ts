import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decideExpiry, onceMarks } from '#core/decision/bounds.ts';
import type { Evidence } from '#core/decision/evidence.ts';
import type { AllGrounds } from '#core/decision/grounds.ts';
import type { Grant } from '#core/policy.ts';
import {
  anActorToken,
  anEvidence,
  aPolicyRow,
  aRelyingParty,
  aValidatedToken,
  NOW,
  OWN_ISSUER,
  PARTNER_ISSUER,
  refusedAs,
} from '#test/support/core.ts';

const grounds = (grant: Partial<Grant> = {}): AllGrounds => [
  { party: aRelyingParty(), row: aPolicyRow({ grant }) },
];
const until = (notOnOrAfter: number) => ({ lifetime: { notBefore: 0, notOnOrAfter } });
const expiry = (evidence: Evidence = anEvidence(), on: AllGrounds = grounds()) =>
  decideExpiry(evidence, on, NOW);
const wishing = (lifetimeSeconds: number) => anEvidence({ request: { lifetimeSeconds } });

describe('decideExpiry', () => {
  test('Policy: the lifetime of the row and of the target bound the token', () => {
    assert.equal(expiry(), NOW + 600);
    assert.equal(expiry(anEvidence(), grounds({ lifetimeSeconds: 60 })), NOW + 60);
    assert.equal(expiry(anEvidence(), grounds({ lifetimeSeconds: 9999 })), NOW + 600);
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

  for (const wish of [0, -1, Number.NaN, Number.NEGATIVE_INFINITY])
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
      () => expiry(anEvidence(), grounds({ lifetimeSeconds: Number.NaN })),
      refusedAs('token-expired'),
    );
  });

  test('Policy: an end is a whole second, rounded down', () => {
    assert.equal(expiry(anEvidence({ subject: until(NOW + 30.9) })), NOW + 30);
  });
});

describe('onceMarks', () => {
  const marks = (evidence: Evidence, grant: Partial<Grant> = {}) =>
    onceMarks(evidence, grounds(grant));
  const SUBJECT = { issuer: PARTNER_ISSUER, id: 'subject-token-1' };

  test('RFC 7521 §4.1: an assertion is one-time by itself', () => {
    const evidence = anEvidence({ subject: { use: 'assertion', onceUntil: NOW + 90 } });

    assert.deepEqual(marks(evidence), [{ token: SUBJECT, until: NOW + 90 }]);
  });

  test('Policy: a subject token is reusable unless the row makes it one-time, until its end', () => {
    assert.deepEqual(marks(anEvidence()), []);
    assert.deepEqual(marks(anEvidence(), { singleUse: true }), [
      { token: SUBJECT, until: NOW + 3600 },
    ]);
  });

  test('Policy: a mark never ends before the token does', () => {
    const evidence = anEvidence({ subject: { onceUntil: NOW + 10 } });

    assert.deepEqual(marks(evidence, { singleUse: true }), [{ token: SUBJECT, until: NOW + 3600 }]);
  });

  test('Policy: nor before it can no longer be presented, however short the token made of it', () => {
    const evidence = anEvidence({ subject: { onceUntil: NOW + 10, presentableUntil: NOW + 7200 } });

    assert.deepEqual(marks(evidence, { singleUse: true }), [{ token: SUBJECT, until: NOW + 7200 }]);
    assert.deepEqual(marks(anEvidence({ subject: { presentableUntil: NOW + 7200 } })), []);
  });

  test('Policy: nor before it can no longer be renewed: a renewal after its end would let it in again', () => {
    const evidence = anEvidence({ subject: { renewableUntil: NOW + 7200 } });
    const alone = anEvidence({ subject: { onceUntil: NOW + 10, renewableUntil: NOW + 7200 } });
    const until = [{ token: SUBJECT, until: NOW + 7200 }];

    assert.deepEqual(marks(evidence, { singleUse: true }), until);
    assert.deepEqual(marks(alone), until);
    assert.deepEqual(marks(evidence), []);
  });

  test('Policy: an actor token that is one-time by itself is marked too, the row concerns the subject token', () => {
    const actor = anActorToken({ onceUntil: NOW + 50 });

    assert.deepEqual(marks(anEvidence({ actor })), [
      { token: { issuer: OWN_ISSUER, id: 'actor-token-1' }, until: NOW + 50 },
    ]);
    assert.deepEqual(marks(anEvidence({ actor: anActorToken() }), { singleUse: true }), [
      { token: SUBJECT, until: NOW + 3600 },
    ]);
  });

  test('RFC 7523 §3: refuses a one-time token without an id', () => {
    const { id: _, ...facts } = aValidatedToken({ onceUntil: NOW + 50 });

    assert.throws(
      () =>
        marks({ ...anEvidence(), subject: aValidatedToken({ ...facts, id: undefined as never }) }),
      refusedAs('token-malformed'),
    );
  });

  test('Store: refuses to make one-time what does not say when it was issued: its mark may be lost already', () => {
    const { issuedAt: _, ...facts } = aValidatedToken({ issuedAt: NOW });
    const undated = {
      ...anEvidence(),
      subject: aValidatedToken({ ...facts, issuedAt: undefined as never }),
    };

    assert.throws(() => marks(undated, { singleUse: true }), refusedAs('token-malformed'));
    assert.deepEqual(marks(undated), []);
  });

  test('RFC 6749 §4.4: the requestor as evidence of itself can be used again', () => {
    const evidence = anEvidence({ subject: { type: 'requestor', trustedIssuer: 'self' } });

    assert.deepEqual(marks(evidence, { singleUse: true }), []);
  });
});
