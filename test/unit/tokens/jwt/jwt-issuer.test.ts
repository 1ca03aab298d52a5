import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { BEARER } from '#core/token/confirmation.ts';
import type { Encryption, TokenSpec } from '#core/token/token-spec.ts';
import { createJwtIssuer } from '#src/tokens/jwt/jwt-issuer.ts';
import { aForeignIssuer } from '#test/support/jwt/jwt.ts';
import { ownTrust, validating } from '#test/support/jwt/jwt-terms.ts';

const NOW = 1_800_000_000;
const us = await aForeignIssuer({ issuer: 'https://sts.example' });
const issuer = createJwtIssuer({
  jwtSigningKey: (algorithm, now) => {
    assert.equal(now, NOW);
    return { kid: us.kid, algorithm, key: us.privateKey };
  },
});
const validate = validating({ own: ownTrust(us) });

const aSpec = (spec: Partial<TokenSpec> = {}): TokenSpec => ({
  type: 'access_token',
  tokenId: 'id-1',
  issuer: us.issuer,
  subject: { issuer: us.issuer, id: 'alice' },
  subjectName: 'alice',
  actors: [],
  clientId: 'gateway',
  audiences: ['orders'],
  relyingParties: ['orders'],
  scopes: ['orders.read', 'orders.write'],
  claims: [],
  issuedAt: NOW,
  lifetime: { notBefore: NOW, notOnOrAfter: NOW + 600 },
  confirmation: BEARER,
  algorithm: 'ES256',
  policyRows: ['row'],
  parents: [],
  ancestors: [],
  once: [],
  ...spec,
});

const issue = async (spec?: Partial<TokenSpec>): Promise<string> =>
  (await issuer.issue(aSpec(spec))).text;

const aClaim = (name: string, ...values: readonly string[]) => ({
  name,
  values,
  issuer: us.issuer,
  originalIssuer: us.issuer,
});

test('RFC 9068 §2: an access token has exactly its claims, one audience as a plain string', async () => {
  const text = await issue();

  assert.deepEqual(decodeProtectedHeader(text), { alg: 'ES256', typ: 'at+jwt', kid: us.kid });
  assert.deepEqual(decodeJwt(text), {
    iss: us.issuer,
    sub: 'alice',
    aud: 'orders',
    exp: NOW + 600,
    nbf: NOW,
    iat: NOW,
    jti: 'id-1',
    client_id: 'gateway',
    scope: 'orders.read orders.write',
  });
});

test('RFC 7519 §4.1.2: sub is the decided name, not the id that another issuer may have too', async () => {
  const subject = { issuer: 'https://idp.example', id: 'alice' };

  assert.equal(decodeJwt(await issue({ subject, subjectName: 'idp:alice' })).sub, 'idp:alice');
});

test('RFC 9068 §2.2: no scope and no authentication leave no empty claims', async () => {
  const claims = decodeJwt(await issue({ scopes: [], authentication: { methods: [] } }));

  for (const name of ['scope', 'auth_time', 'acr', 'amr', 'act', 'cnf']) {
    assert.ok(!(name in claims), name);
  }
});

test('RFC 7519 §4.1.3: several audiences are a list, none is a bug', async () => {
  assert.deepEqual(decodeJwt(await issue({ audiences: ['a', 'b'] })).aud, ['a', 'b']);
  await assert.rejects(issue({ audiences: [] }), /without audience/);
});

test('RFC 8693 §4.1: the chain is nested, outermost actor first', async () => {
  const actors = [
    { issuer: us.issuer, id: 'gateway', clientId: 'gateway' },
    { issuer: 'https://idp.example', id: 'bob' },
  ];

  const { act } = decodeJwt(await issue({ actors }));

  assert.deepEqual(act, {
    iss: us.issuer,
    sub: 'gateway',
    client_id: 'gateway',
    act: { iss: 'https://idp.example', sub: 'bob' },
  });
});

test('RFC 7800 §3.1: a confirmation is written as cnf', async () => {
  const jkt = await issue({ confirmation: { method: 'public-key', jwkThumbprint: 't' } });
  const x5t = await issue({
    confirmation: { method: 'public-key', jwkThumbprint: 'u', certificateThumbprint: 't' },
  });

  assert.deepEqual(decodeJwt(jkt)['cnf'], { jkt: 't' });
  assert.deepEqual(decodeJwt(x5t)['cnf'], { 'x5t#S256': 't' });
});

test('RFC 9068 §2.2.1: the authentication is written when known', async () => {
  const authentication = { instant: NOW - 5, methods: ['pwd', 'otp'], contextClass: 'loa3' };

  const claims = decodeJwt(await issue({ authentication }));

  assert.equal(claims['auth_time'], NOW - 5);
  assert.equal(claims['acr'], 'loa3');
  assert.deepEqual(claims['amr'], ['pwd', 'otp']);
});

test('OIDC Core §2: an ID token speaks to its client, and has neither client_id nor scope', async () => {
  const text = await issue({ type: 'id_token', audiences: ['gateway'] });

  const claims = decodeJwt(text);

  assert.equal(decodeProtectedHeader(text).typ, 'JWT');
  assert.equal(claims.aud, 'gateway');
  assert.equal(claims['azp'], 'gateway');
  assert.ok(!('client_id' in claims) && !('scope' in claims));
});

test('Mapped claims: one value is a scalar, several are a list, none is left out', async () => {
  const claims = [aClaim('dept', 'sales'), aClaim('roles', 'a', 'b'), aClaim('empty')];

  const written = decodeJwt(await issue({ claims }));

  assert.equal(written['dept'], 'sales');
  assert.deepEqual(written['roles'], ['a', 'b']);
  assert.ok(!('empty' in written));
});

test('RFC 8693 §4: a mapped claim never takes the place of a decided one', async () => {
  for (const name of [
    'sub',
    'iss',
    'aud',
    'exp',
    'act',
    'client_id',
    'cnf',
    'scope',
    '__proto__',
  ]) {
    await assert.rejects(issue({ claims: [aClaim(name, 'x')] }), /may not be named/);
  }
  await assert.rejects(issue({ claims: [aClaim('a', 'x'), aClaim('a', 'y')] }), /mapped twice/);
});

const ENCRYPTION: Encryption = {
  certificate: 'certificate',
  content: 'aes256-gcm',
  keyTransport: 'rsa-oaep-sha256',
};

test('Issuer: takes JWT types, and nothing that must be encrypted', async () => {
  for (const type of ['access_token', 'jwt', 'id_token'] as const) {
    assert.ok(issuer.canIssue(aSpec({ type })));
    assert.ok(!issuer.canIssue(aSpec({ type, encryption: ENCRYPTION })));
  }
  for (const type of ['saml2', 'refresh_token'] as const) {
    assert.ok(!issuer.canIssue(aSpec({ type })));
    await assert.rejects(issue({ type }), /as a JWT/);
  }
});

for (const algorithm of ['RS256', 'PS256', 'ES384', 'Ed25519', 'EdDSA']) {
  test(`Issuer: signs with ${algorithm} where the spec says so, and we take it back`, async () => {
    const keys = await aForeignIssuer({ algorithm, issuer: us.issuer });
    const own = validating({ own: ownTrust(keys) });
    const signing = createJwtIssuer({
      jwtSigningKey: (wanted) => ({ kid: keys.kid, algorithm: wanted, key: keys.privateKey }),
    });

    const { text } = await signing.issue(aSpec({ algorithm }));

    assert.equal((await own(text, 'access_token')).id, 'id-1');
  });
}

test('Round trip: what was decided is what is read back', async () => {
  const spec = aSpec({
    actors: [{ issuer: 'https://idp.example', id: 'idp:bob' }],
    confirmation: { method: 'public-key', jwkThumbprint: 'A'.repeat(43) },
    authentication: { instant: NOW - 5 },
    claims: [aClaim('roles', 'a', 'b')],
  });

  const token = await validate((await issuer.issue(spec)).text, 'access_token');

  assert.deepEqual(token.subject, spec.subject);
  assert.deepEqual(token.actors, spec.actors);
  assert.deepEqual(token.confirmation, spec.confirmation);
  assert.deepEqual(token.authentication, spec.authentication);
  assert.deepEqual(token.claims, spec.claims);
  assert.deepEqual(token.scopes, spec.scopes);
  assert.deepEqual(token.lifetime, spec.lifetime);
  assert.equal(token.originClient, 'gateway');
});

const declared: readonly (readonly ['access_token' | 'jwt' | 'id_token', string, boolean])[] = [
  ['access_token', 'access_token', true],
  ['access_token', 'jwt', true],
  ['access_token', 'id_token', false],
  ['jwt', 'jwt', true],
  ['jwt', 'access_token', false],
  ['jwt', 'id_token', false],
  ['id_token', 'id_token', true],
  ['id_token', 'access_token', false],
  ['id_token', 'jwt', false],
];

for (const [type, as, isAccepted] of declared) {
  test(`RFC 8725 §3.12: our ${type} declared ${as} is ${isAccepted ? 'taken' : 'refused'}`, async () => {
    const text = await issue({ type, scopes: [] });

    const result = validate(text, as as 'jwt');

    if (isAccepted) await result;
    else await assert.rejects(result, { reason: 'token-malformed' });
  });
}

test('RFC 9068 §4: what we would not read again is not issued: it could not be revoked', async () => {
  const refused = (spec: Partial<TokenSpec>) => () => issuer.requireExpressible?.(aSpec(spec));

  for (const name of ['', ' ', '\u00a0']) {
    const malformed = { reason: 'token-malformed' };
    assert.throws(refused({ subjectName: name }), malformed);
    assert.throws(refused({ actors: [{ issuer: name, id: 'a' }] }), malformed);
    assert.throws(refused({ actors: [{ issuer: 'urn:x', id: name }] }), malformed);
  }
  for (const long of ['x'.repeat(11_500), 'ä'.repeat(5750)]) {
    assert.throws(refused({ claims: [aClaim('long', long)] }), { reason: 'claim-missing' });
    for (const spec of [
      { subjectName: long },
      { clientId: `principal:partner:${long}` },
      { actors: [{ issuer: 'urn:x', id: 'a', clientId: long }] },
      { authentication: { contextClass: long } },
      { authentication: { methods: [long] } },
      { claims: [{ ...aClaim('nested'), values: [{ long }] }] },
    ])
      assert.throws(refused(spec), { reason: 'claim-missing' });
  }
});

test('RFC 7800 §3.3: beside a secret there is less room for claims', () => {
  const confirmation = { method: 'symmetric-key' } as const;
  const long = (characters: number) => ({ claims: [aClaim('long', 'x'.repeat(characters))] });
  const issuable = (spec: Partial<TokenSpec>) => issuer.requireExpressible?.(aSpec(spec));

  issuable(long(11_100));
  issuable({ ...long(9900), confirmation });
  assert.throws(() => issuable({ ...long(11_100), confirmation }), { reason: 'claim-missing' });
});

test('RFC 9068 §4: the longest that is issued is read', async () => {
  const spec = aSpec({ claims: [aClaim('long', 'x'.repeat(11_100))] });
  issuer.requireExpressible?.(spec);

  const { text } = await issuer.issue(spec);

  assert.equal((await validate(text)).id, 'id-1');
});
