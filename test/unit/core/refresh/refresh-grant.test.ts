// The stored form of what a family of refresh tokens was granted for. Fixtures of released forms are never changed.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide } from '#core/decision/decide.ts';
import { parseGrant, writeGrant } from '#core/refresh/refresh-grant.ts';
import { anEvidence, NOW, OWN_ISSUER, refusedAs, rules } from '#test/support/core.ts';

const VERSION_1 =
  '{"v":1,"clientId":"gateway","targets":["orders"],"scopes":["orders.read"],"issuedAt":1800000000,"notOnOrAfter":1800007200,"evidence":{"type":"jwt","trustedIssuer":"partner","subject":{"issuer":"https://idp.partner.example","id":"alice"},"claims":[{"name":"email","values":["a@b"],"issuer":"i","originalIssuer":"i"}],"audiences":["https://sts.example.org"],"subjectPrefix":"partner:"}}';

const PLACE = {
  ref: { issuer: OWN_ISSUER, id: 'family' },
  entry: { ancestors: [{ issuer: 'https://idp.partner.example', id: 'subject-token' }] },
};

describe('Refresh grant', () => {
  test('Upgrade: reads version 1, as evidence whose successors descend from the family', () => {
    const { grant, subject } = parseGrant(VERSION_1, PLACE);

    assert.deepEqual(grant, {
      clientId: 'gateway',
      targets: ['orders'],
      scopes: ['orders.read'],
      issuedAt: 1_800_000_000,
      notOnOrAfter: 1_800_007_200,
    });
    assert.deepEqual(subject, {
      type: 'jwt',
      use: 'subject',
      issuer: OWN_ISSUER,
      id: 'family',
      trustedIssuer: 'partner',
      subject: { issuer: 'https://idp.partner.example', id: 'alice' },
      subjectPrefix: 'partner:',
      claims: [{ name: 'email', values: ['a@b'], issuer: 'i', originalIssuer: 'i' }],
      audiences: ['https://sts.example.org'],
      scopes: ['orders.read'],
      issuedAt: 1_800_000_000,
      lifetime: { notBefore: 1_800_000_000, notOnOrAfter: 1_800_007_200 },
      confirmation: { method: 'bearer' },
      actors: [],
      ancestors: PLACE.entry.ancestors,
    });
  });

  test('Ledger: the evidence rests on what the record of the family says', () => {
    const trust = { isOfUser: true, loginMark: 'mark', vouchers: ['corp'] } as const;

    const { subject } = parseGrant(VERSION_1, { ...PLACE, entry: { ...PLACE.entry, ...trust } });

    const { isOfUser, loginMark, vouchers } = subject;
    assert.deepEqual({ isOfUser, loginMark, vouchers }, trust);
  });

  test('Upgrade: refuses the form of another release', () => {
    assert.throws(() => parseGrant(VERSION_1.replace('"v":1', '"v":2'), PLACE), Error);
    assert.throws(() => parseGrant('{}', PLACE), Error);
  });

  test('RFC 7800 §3: evidence bound to a key brings no refresh token', () => {
    const evidence = anEvidence({
      subject: { confirmation: { method: 'public-key', jwkThumbprint: 'a' } },
    });
    const spec = decide(anEvidence(), rules(), { now: NOW, tokenId: 'family' });

    assert.throws(() => writeGrant(evidence.subject, spec), refusedAs('renewal-not-possible'));
  });
});
