import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { foreignPartyOf, type KnownIssuer, validateIssuers } from '#core/decision/known-issuer.ts';
import { anOwnToken, aValidatedToken, NOW, OWN_ISSUER, refusedAs } from '#test/support/core.ts';

const anIssuer = (id: string, subjectPrefixes: readonly string[]): KnownIssuer => ({
  id,
  names: [`https://${id}.example`],
  actorIssuers: [],
  subjectPrefixes,
});

describe('RFC 7519 §4.1.2: the subject of an issuer without a prefix', () => {
  const issuers = [
    anIssuer('partner', ['', 'p/']),
    anIssuer('other', ['']),
    anIssuer('north', ['north:', 'n/']),
  ];
  const named = (id: string, subjectPrefix = '') =>
    aValidatedToken({ subject: { issuer: 'https://partner.example', id }, subjectPrefix });

  test('is none of another, by any of its prefixes', () => {
    for (const id of ['north:alice', 'n/alice'])
      assert.throws(() => validateIssuers(named(id), issuers, NOW), refusedAs('issuer-untrusted'));
  });

  test('may have a name that another of its own begins with, or one like any at another without a prefix', () => {
    for (const id of ['p/alice', 'alice']) validateIssuers(named(id), issuers, NOW);
  });

  test('has that rule alone: behind a prefix every name is its own', () => {
    validateIssuers(named('north:alice', 'partner:'), issuers, NOW);
  });
});

describe('Policy: a token of ours', () => {
  const issuers = [anIssuer('open', ['']), anIssuer('corp', ['c/', 'corp:'])];
  const about = (id: string, over: object = {}) =>
    foreignPartyOf(anOwnToken({ subject: { issuer: OWN_ISSUER, id }, ...over }), issuers);

  test('is about a party of the issuer whose prefix its subject has', () => {
    assert.deepEqual(about('corp:batch'), { trustedIssuer: 'corp', id: 'batch' });
    assert.deepEqual(about('c/batch'), { trustedIssuer: 'corp', id: 'batch' });
  });

  test('is about the party that asked for it for itself, where there is no prefix', () => {
    const asked = { originClient: 'principal:open:batch' };

    assert.deepEqual(about('batch', asked), { trustedIssuer: 'open', id: 'batch' });
    assert.equal(about('other', asked), undefined);
  });

  test('is about one of us otherwise', () => {
    assert.equal(about('alice'), undefined);
    assert.equal(about('alice', { originClient: undefined }), undefined);
    assert.equal(about('alice', { originClient: 'principal:self:alice' }), undefined);
  });

  test('is told from a login here, and from a token of others, whose subjects may be called so', () => {
    assert.equal(about('corp:batch', { type: 'username' }), undefined);
    assert.equal(about('corp:batch', { trustedIssuer: 'partner' }), undefined);
  });
});
