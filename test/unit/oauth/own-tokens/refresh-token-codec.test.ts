import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createRefreshTokenCodec } from '#src/oauth/own-tokens/refresh-token-codec.ts';

const ISSUER = 'https://sts.example.org';
const KEY = randomBytes(32);
const NAME = { family: 'family-of-16-abc', number: 1 };
const MALFORMED = { name: 'ExchangeFailure', reason: 'token-malformed' };

const codec = createRefreshTokenCodec(KEY, ISSUER);
const codeOf = (text: string): string => text.slice(text.lastIndexOf('~') + 1);

for (const [what, name] of [
  ['the first of a family', NAME],
  ['a family of 64 characters, the last number', { family: 'f'.repeat(64), number: 999_999_999 }],
] as const)
  test(`RFC 6749 §6: what is written is read again: ${what}`, () => {
    assert.deepEqual(codec.parse(codec.write(name)), name);
  });

test('RFC 6749 §10.4: the code is of this family, number, issuer and key alone', () => {
  const text = codec.write(NAME);
  const others = [
    codec.write({ ...NAME, family: 'family-of-16-abd' }),
    codec.write({ ...NAME, number: 2 }),
    createRefreshTokenCodec(KEY, 'https://other.example').write(NAME),
    createRefreshTokenCodec(randomBytes(32), ISSUER).write(NAME),
  ];

  for (const other of others) {
    assert.notEqual(codeOf(other), codeOf(text));
    assert.throws(() => codec.parse(text.replace(codeOf(text), codeOf(other))), MALFORMED);
  }
});

for (const [what, spoil] of [
  ['something before it', (text: string) => `x${text}`],
  ['something behind it', (text: string) => `${text}x`],
  ['a new line behind it', (text: string) => `${text}\n`],
  ['a shorter code', (text: string) => text.slice(0, -1)],
  ['another prefix', (text: string) => text.replace('vrt~', 'vrx~')],
  ['a number with a zero before it', (text: string) => text.replace('~1~', '~01~')],
] as const)
  test(`RFC 6749 §6: ${what} makes it none of ours`, () => {
    assert.throws(() => codec.parse(spoil(codec.write(NAME))), MALFORMED);
  });

for (const name of [
  { family: 'f'.repeat(15), number: 1 },
  { family: 'f'.repeat(65), number: 1 },
  { ...NAME, number: 0 },
  { ...NAME, number: 1_000_000_000 },
])
  test(`RFC 6749 §6: no token of ours has a family of ${name.family.length} characters and the number ${name.number}`, () => {
    assert.throws(() => codec.parse(codec.write(name)), MALFORMED);
  });

test('RFC 6749 §10.10: a key that could be guessed is no key', () => {
  assert.throws(() => createRefreshTokenCodec(randomBytes(31), ISSUER), /32 bytes/);
});
