// "Did you mean": near words only.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { editDistance, nearest } from '#src/config/spelling.ts';

it('Spelling: counts edits and swapped neighbours', () => {
  assert.equal(editDistance('', 'abc'), 3);
  assert.equal(editDistance('listeners', 'listener'), 1);
  assert.equal(editDistance('issuer', 'isseur'), 1);
  assert.equal(editDistance('kitten', 'sitting'), 3);
});

it('Spelling: finds the nearest name', () => {
  const known = ['trustedIssuers', 'trustedProxies', 'issuer'];

  assert.equal(nearest('trusted_issuers', known), 'trustedIssuers');
  assert.equal(nearest('isuer', known), 'issuer');
});

it('Spelling: offers nothing when nothing is near', () => {
  assert.equal(nearest('users', ['clients', 'policy']), undefined);
  assert.equal(nearest('x'.repeat(1000), ['x'.repeat(1001)]), undefined);
});
