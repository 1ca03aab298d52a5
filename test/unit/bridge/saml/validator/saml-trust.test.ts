// The record of a trusted issuer: what of it is a mistake at start.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pinnedKeys, type SamlTrust } from '#bridge/saml/validator/saml-trust.ts';
import { aSamlIssuer, aValidator, STS } from '#test/support/saml/saml.ts';

const issuer = await aSamlIssuer();

const UNSAFE: readonly [string, Partial<SamlTrust>][] = [
  ['skew', { skewSeconds: 301 }],
  ['skew', { skewSeconds: -1 }],
  ['skew', { skewSeconds: Number.NaN }],
  ['age', { maxAgeSeconds: 0 }],
  ['age', { assertionMaxAgeSeconds: Number.NaN }],
  ['age', { assertionMaxAgeSeconds: 0 }],
  ['audience', { audiences: [] }],
  ['confirmation', { subjectConfirmation: [] }],
  ['subjectPrefix', { id: 'a:b' }],
  ['self', { id: 'self' }],
  ['twice', { issuer: STS }],
  ['name', { issuer: '' }],
];
for (const [word, changes] of UNSAFE)
  test(`SAML trust: an unsafe record is a mistake at start: ${JSON.stringify(changes)}`, () => {
    assert.throws(() => aValidator([issuer.trust(changes)]), new RegExp(word));
  });

test('SAML trust: an id with a colon is one where the prefix is stated', () => {
  assert.ok(aValidator([issuer.trust({ id: 'a:b', subjectPrefix: 'a/' })]));
});

test('SAML trust: no pinned key is a mistake at start (CVE-2026-28323)', () => {
  assert.throws(() => pinnedKeys([]), /no key/);
});
