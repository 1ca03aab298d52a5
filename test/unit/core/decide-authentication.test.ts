// How a login is told in the token that is made.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Authentication } from '#core/claims/subject.ts';
import { decide } from '#core/decision/decide.ts';
import { anEvidence, NOW, rules } from '#test/support/core.ts';

const told = (authentication: Authentication): Authentication | undefined =>
  decide(anEvidence({ subject: { authentication } }), rules(), { now: NOW, tokenId: 'new' })
    .authentication;

test('OIDC Core §2: a login by a clock that is ahead of ours was now', () => {
  const how = { methods: ['pwd'], contextClass: 'gold' };

  for (const [said, instant] of [
    [NOW + 299, NOW],
    [NOW, NOW],
    [NOW - 1, NOW - 1],
  ] as const)
    assert.deepEqual(told({ ...how, instant: said }), { ...how, instant });
  assert.deepEqual(told(how), how);
});
