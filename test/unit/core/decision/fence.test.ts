import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide } from '#core/decision/decide.ts';
import {
  type Fence,
  validateFence,
  validateMarkFence,
  validateRemembered,
} from '#core/decision/fence.ts';
import type { TokenFacts } from '#core/token/security-token.ts';
import {
  anEvidence,
  anOwnToken,
  aValidatedToken,
  NOW,
  refusedAs,
  rules,
} from '#test/support/core.ts';

/** The store began to remember a minute ago. */
const FENCE: Fence = {
  issuedBefore: NOW - 60,
  acceptanceSeconds: 300,
  longestLifetimeSeconds: 3600,
};

const own = (issuedAt: number, now = NOW) => validateFence(anOwnToken({ issuedAt }), FENCE, now);
const foreign = (over: Partial<TokenFacts>, now = NOW) =>
  validateFence(aValidatedToken(over), FENCE, now);

describe('validateFence', () => {
  test('Store: refuses a token of ours that is older than the memory of the store', () => {
    assert.throws(() => own(NOW - 61), refusedAs('dependency-unavailable'));
    own(NOW - 60);
  });

  test('Store: a token that does not say when it was issued is older than any store', () => {
    assert.throws(
      () => validateFence(anOwnToken({ issuedAt: undefined as never }), FENCE, NOW),
      refusedAs('dependency-unavailable'),
    );
  });

  test('Store: no token of ours can be older once the longest of them has ended', () => {
    const end = FENCE.issuedBefore + FENCE.longestLifetimeSeconds;

    assert.throws(() => own(NOW - 61, end - 1), refusedAs('dependency-unavailable'));
    own(NOW - 61, end);
  });

  test('Store: refuses a grant whose mark may be lost, for as long as it could be accepted', () => {
    const evidence = { use: 'assertion', issuedAt: NOW - 61, onceUntil: NOW + 60 } as const;

    assert.throws(() => foreign(evidence), refusedAs('dependency-unavailable'));
    foreign({ ...evidence, issuedAt: NOW - 60 });
    foreign(evidence, FENCE.issuedBefore + FENCE.acceptanceSeconds);
  });

  test('Store: refuses other foreign one-time evidence that is older than the store as long as it comes', () => {
    const evidence = { issuedAt: NOW - 61, onceUntil: NOW + 90_000 };

    for (const later of [0, FENCE.acceptanceSeconds, 90_000])
      assert.throws(() => foreign(evidence, NOW + later), refusedAs('dependency-unavailable'));
    foreign({ ...evidence, issuedAt: NOW - 60 });
  });

  test('Store: reusable foreign tokens and credentials need no memory', () => {
    foreign({ issuedAt: 0 });
    validateFence(anOwnToken({ type: 'username', issuedAt: 0 }), FENCE, NOW);
  });
});

describe('validateMarkFence', () => {
  const decided = decide(anEvidence(), rules(), { now: NOW, tokenId: 'token-1' });
  const held = (issuedAt: number, isMarked: boolean, fence: Fence = FENCE) => {
    const evidence = anEvidence({ subject: { issuedAt } });
    const { id = '', issuer } = evidence.subject;
    const once = isMarked ? [{ token: { issuer, id }, until: NOW + 60 }] : [];
    validateMarkFence(evidence, { ...decided, once }, fence);
  };

  test('Store: refuses what a policy row makes one-time when it is older than the memory of the store', () => {
    assert.throws(() => held(NOW - 61, true), refusedAs('dependency-unavailable'));
    held(NOW - 60, true);
    held(NOW - 61, false);
  });

  test('Store: asks no age of what is one-time by itself: a grant that does not say when it was issued ends soon', () => {
    const evidence = anEvidence({
      subject: { use: 'assertion', onceUntil: NOW + 60, issuedAt: undefined as never },
    });
    const { id = '', issuer } = evidence.subject;
    const once = [{ token: { issuer, id }, until: NOW + 60 }];

    validateMarkFence(evidence, { ...decided, once }, FENCE);
  });

  test('Store: asks the age of the very token that is marked: not where it is the actor that is good once', () => {
    const evidence = anEvidence({ subject: { issuedAt: NOW - 61, id: 'a' } });
    const { issuer } = evidence.subject;

    for (const token of [
      { issuer, id: 'b' },
      { issuer: 'urn:other', id: 'a' },
    ])
      validateMarkFence(evidence, { ...decided, once: [{ token, until: NOW + 60 }] }, FENCE);
  });
});

describe('validateRemembered', () => {
  test('Store: refuses what was made before the store began to remember', () => {
    assert.throws(() => validateRemembered(NOW - 61, FENCE), refusedAs('dependency-unavailable'));
    validateRemembered(NOW - 60, FENCE);
  });
});
