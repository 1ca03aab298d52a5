import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Evidence } from '#core/decision/evidence.ts';
import type { GrantedTargets } from '#core/decision/granted-targets.ts';
import { onceMarks } from '#core/decision/once-marks.ts';
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

const granted = (grant: Partial<Grant> = {}): GrantedTargets => [
  { party: aRelyingParty(), row: aPolicyRow({ grant }) },
];

describe('onceMarks', () => {
  const marks = (evidence: Evidence, grant: Partial<Grant> = {}) =>
    onceMarks(evidence, granted(grant));
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
