import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTokenSeal } from '#src/keys/token-seal.ts';
import { fakeClock } from '#test/support/fake-clock.ts';

const ISSUER = 'https://sts.example.org';
const token = { issuer: ISSUER, id: 'one' };
const aKey = (byte: number, activeFrom = 0) => ({ secret: Buffer.alloc(32, byte), activeFrom });
const clock = fakeClock(100);
const seal = createTokenSeal([aKey(1)], ISSUER, clock);

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
  assert.equal(createTokenSeal([aKey(2)], ISSUER, clock).open(sealed, token), undefined);
  assert.equal(
    createTokenSeal([aKey(1)], 'https://other.example', clock).open(sealed, token),
    undefined,
  );
  assert.equal(seal.open(bytes.toString('base64url'), token), undefined);
  for (const text of ['', 'AAAA', sealed.slice(0, 36), sealed.slice(0, -4)])
    assert.equal(seal.open(text, token), undefined);
});

test('The key that started last seals, in whatever order they stand; before any has started, the first to start', () => {
  const sealedBy = (...starts: readonly number[]): number => {
    const keys = starts.map((start, index) => aKey(index + 1, start));
    const sealed = createTokenSeal(keys, ISSUER, clock).seal('a secret', token);
    const opening = keys.map((key) => createTokenSeal([key], ISSUER, clock).open(sealed, token));
    return opening.findIndex((text) => text === 'a secret');
  };

  assert.equal(sealedBy(0, 100), 1);
  assert.equal(sealedBy(100, 0), 0);
  assert.equal(sealedBy(0, 101), 0);
  assert.equal(sealedBy(0, 50, 101), 1);
  assert.equal(sealedBy(102, 101), 1);
});

test('All keys open what any of them sealed; what a key that is not there sealed stays closed', () => {
  const all = createTokenSeal([aKey(1), aKey(2, 50), aKey(3, 200)], ISSUER, clock);

  for (const byte of [1, 2, 3]) {
    const sealed = createTokenSeal([aKey(byte)], ISSUER, clock).seal('a secret', token);
    assert.equal(all.open(sealed, token), 'a secret');
    assert.equal(all.open(sealed, { ...token, id: 'two' }), undefined);
  }
  const foreign = createTokenSeal([aKey(4)], ISSUER, clock).seal('a secret', token);
  assert.equal(all.open(foreign, token), undefined);
});
