import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTokenSeal } from '#src/keys/token-seal.ts';

const ISSUER = 'https://sts.example.org';
const token = { issuer: ISSUER, id: 'one' };
const seal = createTokenSeal(Buffer.alloc(32, 1), ISSUER);

test('What is sealed for a token opens for it, and no two seals are the same', () => {
  const sealed = seal.seal('a secret', token);

  assert.equal(seal.open(sealed, token), 'a secret');
  assert.notEqual(seal.seal('a secret', token), sealed);
  assert.equal(Buffer.from(sealed, 'base64url').includes('a secret'), false);
});

test('A seal opens for no other token, under no other key, for no other issuer, and not when it was changed', () => {
  const sealed = seal.seal('a secret', token);
  const bytes = Buffer.from(sealed, 'base64url');
  bytes[20] = (bytes[20] ?? 0) ^ 1;

  assert.equal(seal.open(sealed, { ...token, id: 'two' }), undefined);
  assert.equal(seal.open(sealed, { id: 'one', issuer: 'https://other.example' }), undefined);
  assert.equal(createTokenSeal(Buffer.alloc(32, 2), ISSUER).open(sealed, token), undefined);
  assert.equal(
    createTokenSeal(Buffer.alloc(32, 1), 'https://other.example').open(sealed, token),
    undefined,
  );
  assert.equal(seal.open(bytes.toString('base64url'), token), undefined);
  for (const text of ['', 'AAAA', sealed.slice(0, 36), sealed.slice(0, -4)])
    assert.equal(seal.open(text, token), undefined);
});
