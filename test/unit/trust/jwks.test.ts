import assert from 'node:assert/strict';
import test from 'node:test';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { parseJwks, parsePinnedJwks } from '#src/trust/jwks.ts';
import { aForeignIssuer } from '#test/support/jwt/jwt.ts';

const es256 = (await aForeignIssuer()).publicJwk;
const other = (await aForeignIssuer()).publicJwk;
const rs256 = (await aForeignIssuer({ algorithm: 'RS256' })).publicJwk;
const ed25519 = (await aForeignIssuer({ algorithm: 'Ed25519' })).publicJwk;

const setOf = (...keys: readonly (JWK | object)[]): string => JSON.stringify({ keys });
const without = (name: 'kid' | 'alg', jwk: JWK): object =>
  Object.fromEntries(Object.entries(jwk).filter(([member]) => member !== name));

const found: readonly (readonly [string, string, string | undefined, string])[] = [
  ['by its id', setOf(es256, other), es256.kid, 'ES256'],
  ['without an id, when it is the only one that fits', setOf(es256, rs256), undefined, 'ES256'],
  ['by its id, when it names no algorithm', setOf(without('alg', rs256)), rs256.kid, 'PS512'],
  ['by its id, of Ed25519', setOf(ed25519), ed25519.kid, 'Ed25519'],
  [
    'by id and form, when two have one id',
    setOf({ ...rs256, kid: 'k' }, { ...es256, kid: 'k' }),
    'k',
    'ES256',
  ],
];

for (const [name, text, kid, alg] of found) {
  test(`RFC 7517 §4: finds a key ${name}`, async () => {
    const key = await parseJwks(text).find({ kid, alg });

    assert.equal(key?.type, 'public');
  });
}

const missed: readonly (readonly [string, string, string | undefined, string])[] = [
  ['of another id', setOf(es256), 'x', 'ES256'],
  ['without an id for a header with one', setOf(without('kid', es256)), 'x', 'ES256'],
  ['for a header without id, when two fit', setOf(es256, other), undefined, 'ES256'],
  ['when two have this id', setOf(es256, { ...other, kid: es256.kid }), es256.kid, 'ES256'],
  ['of another type', setOf(rs256), rs256.kid, 'ES256'],
  ['of another curve', setOf(without('alg', es256)), es256.kid, 'ES384'],
  ['that names another algorithm', setOf(rs256), rs256.kid, 'PS256'],
  ['for encryption', setOf({ ...es256, use: 'enc' }), es256.kid, 'ES256'],
  [
    'whose operations do not include verify',
    setOf({ ...es256, key_ops: ['sign'] }),
    es256.kid,
    'ES256',
  ],
  ['whose operations are no list', setOf({ ...es256, key_ops: 'verify' }), es256.kid, 'ES256'],
  ['that is private', setOf({ ...es256, d: 'AA' }), es256.kid, 'ES256'],
  ['that is a shared secret', setOf({ kty: 'oct', k: 'AA', kid: 'k' }), 'k', 'HS256'],
  ['for an algorithm that is a name of Object', setOf(es256), es256.kid, 'constructor'],
  ['for none', setOf(es256), es256.kid, 'none'],
  ['in an empty set', setOf(), undefined, 'ES256'],
];

for (const [name, text, kid, alg] of missed) {
  test(`RFC 7517 §4: finds no key ${name}`, () => {
    assert.equal(parseJwks(text).find({ kid, alg }), undefined);
  });
}

test('RFC 7518 §3.3: an RSA key below 2048 bits is left out', async () => {
  const { publicKey } = await generateKeyPair('RS256', { extractable: true });
  const { n = '', ...jwk } = await exportJWK(publicKey);
  const small = { ...jwk, n: n.slice(0, 170), kid: 'k' };

  assert.equal(parseJwks(setOf(small)).find({ kid: 'k', alg: 'RS256' }), undefined);
  assert.throws(() => parsePinnedJwks(setOf(small)), /below 2048 bits/);
});

for (const [what, members] of [
  ['with the exponent 1: what anybody pads is signed', { e: 'AQ' }],
  ['with an even exponent', { e: 'AQAA' }],
  ['with an exponent of 40 bits', { e: 'AQAAAAE' }],
  ['without an exponent', { e: '' }],
  ['whose exponent is no text', { e: 3 }],
  ['with an even modulus', { n: `${rs256.n?.slice(0, -2) ?? ''}AA` }],
  ['that is long by zeros alone', { n: `${'A'.repeat(300)}AQ` }],
] as const) {
  test(`RFC 8017 §3.1: an RSA key ${what}, is left out, and refused where it is pinned`, () => {
    const set = setOf({ ...rs256, ...members, kid: 'k' });

    assert.equal(parseJwks(set).find({ kid: 'k', alg: 'RS256' }), undefined);
    assert.throws(() => parsePinnedJwks(set), /an RSA key that is none/);
  });
}

test('RFC 8017 §3.1: zeros before the modulus and the exponent do not count', () => {
  const [n, e] = [rs256.n ?? '', rs256.e ?? ''].map((text) =>
    Buffer.concat([Buffer.of(0), Buffer.from(text, 'base64url')]).toString('base64url'),
  );

  assert.ok(parsePinnedJwks(setOf({ ...rs256, n, e })).find({ kid: rs256.kid, alg: 'RS256' }));
});

test('JWKS: a key is imported once, however often it is asked for', () => {
  const keys = parseJwks(setOf(es256));
  const wanted = { kid: es256.kid, alg: 'ES256' };

  assert.equal(keys.find(wanted), keys.find(wanted));
});

const NO_SETS = [
  '',
  'x',
  '[]',
  '{}',
  'null',
  '{"keys":{}}',
  '{"keys":[1]}',
  '{"keys":[null]}',
  '<html>',
];

for (const text of [...NO_SETS, setOf(...Array<object>(101).fill(es256))]) {
  test(`RFC 7517 §5: refuses what is no JWK Set: ${text.slice(0, 15)}`, () => {
    assert.throws(() => parseJwks(text), /JWK Set/);
    assert.throws(() => parsePinnedJwks(text), /JWK Set/);
  });
}

test('Pinned keys: an empty set, a private and a shared key are mistakes', () => {
  assert.throws(() => parsePinnedJwks(setOf()), /no keys/);
  assert.throws(() => parsePinnedJwks(setOf({ ...es256, d: 'AA' })), /secret or private/);
  assert.throws(() => parsePinnedJwks(setOf({ kty: 'oct', k: 'AA' })), /secret or private/);
});
