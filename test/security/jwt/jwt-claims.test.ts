// Attacks through claims: times without end, issuers in lists, chains and bindings that are not understood.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { ClaimValue } from '#core/claims/claim.ts';
import { aForeignIssuer, type Members } from '#test/support/jwt/jwt.ts';
import { ownTrust, trustIn, validating } from '#test/support/jwt/jwt-terms.ts';

const NOW = 1_800_000_000;
const partner = await aForeignIssuer();
const us = await aForeignIssuer({ issuer: 'https://sts.example' });
const validate = validating({ trusted: [trustIn(partner)], own: ownTrust(us) });

const THUMBPRINT = 'A'.repeat(43);
const RSA = (await aForeignIssuer({ algorithm: 'RS256' })).publicJwk;
const RSA_KEY = { kty: 'RSA', n: RSA.n ?? '', e: RSA.e ?? '' };
const EVEN_MODULUS = `${RSA_KEY.n.slice(0, -2)}AA`;
const links = (depth: number): ClaimValue =>
  depth === 1 ? { sub: 'x' } : { sub: 'x', act: links(depth - 1) };

const malformed: readonly (readonly [string, string, Members])[] = [
  ['RFC 7519 §4.1.4', 'no exp', { exp: undefined }],
  ['RFC 7519 §4.1.4', 'exp 1e18', { exp: 1e18 }],
  ['RFC 7519 §4.1.4', 'exp in milliseconds', { exp: NOW * 1000 }],
  ['RFC 7519 §4.1.4', 'exp with a fraction', { exp: NOW + 0.5 }],
  ['RFC 7519 §4.1.4', 'exp as a string', { exp: `${NOW + 60}` }],
  ['RFC 7519 §4.1.4', 'exp below zero', { exp: -1 }],
  ['RFC 7519 §4.1.4', 'exp null', { exp: null }],
  ['RFC 7519 §4.1.4', 'exp as a list', { exp: [NOW + 60] }],
  ['RFC 7519 §4.1.4', 'exp true', { exp: true }],
  ['RFC 7519 §4.1.5', 'nbf as a string', { nbf: '0' }],
  ['RFC 7519 §4.1.5', 'nbf null', { nbf: null }],
  ['RFC 7519 §4.1.6', 'iat below zero', { iat: -1 }],
  ['RFC 7519 §4.1.6', 'iat as an object', { iat: {} }],
  ['RFC 7519 §4.1.1', 'no iss', { iss: undefined }],
  ['RFC 7519 §4.1.1', 'iss as a list', { iss: [partner.issuer] }],
  ['RFC 7519 §4.1.1', 'iss null', { iss: null }],
  ['RFC 7519 §4.1.1', 'iss blank', { iss: ' ' }],
  ['RFC 7519 §4.1.2', 'no sub', { sub: undefined }],
  ['RFC 7519 §4.1.2', 'sub empty', { sub: '' }],
  ['RFC 7519 §4.1.2', 'sub blank', { sub: ' \t' }],
  ['RFC 7519 §4.1.2', 'sub as a number', { sub: 7 }],
  ['RFC 7519 §4.1.2', 'sub as a list', { sub: ['alice'] }],
  ['RFC 7519 §4.1.3', 'aud as an object', { aud: { 'https://sts.example': true } }],
  ['RFC 7519 §4.1.3', 'aud with a number in it', { aud: ['https://sts.example', 7] }],
  ['RFC 7519 §4.1.3', 'aud with a list in it', { aud: [['https://sts.example']] }],
  ['RFC 7519 §4.1.7', 'jti as a number', { jti: 7 }],
  ['RFC 7519 §4.1.7', 'jti empty', { jti: '' }],
  ['RFC 8693 §4.1', 'act as a string', { act: 'bob' }],
  ['RFC 8693 §4.1', 'act null', { act: null }],
  ['RFC 8693 §4.1', 'act as a list', { act: [{ sub: 'bob' }] }],
  ['RFC 8693 §4.1', 'act without sub', { act: { iss: 'x' } }],
  ['RFC 8693 §4.1', 'act with a blank sub', { act: { sub: ' ' } }],
  ['RFC 8693 §4.1', 'act with iss null', { act: { sub: 'b', iss: null } }],
  ['RFC 8693 §4.1', 'act with iss as a list', { act: { sub: 'b', iss: ['x'] } }],
  ['RFC 8693 §4.1', 'act with a number as client_id', { act: { sub: 'b', client_id: 1 } }],
  ['RFC 8693 §4.1', 'a malformed inner act', { act: { sub: 'b', act: 'c' } }],
  ['RFC 8693 §4.1', 'nine actors', { act: links(9) }],
  ['RFC 8693 §4.4', 'may_act as a string', { may_act: 'bob' }],
  ['RFC 8693 §4.4', 'an empty may_act', { may_act: {} }],
  ['RFC 8693 §4.4', 'may_act with a member we cannot hold', { may_act: { sub: 'b', role: 'x' } }],
  ['RFC 8693 §4.4', 'may_act as a list', { may_act: [{ sub: 'b' }] }],
  ['RFC 8693 §4.4', 'may_act with sub null', { may_act: { sub: null } }],
  ['RFC 7800 §3.1', 'cnf as a string', { cnf: THUMBPRINT }],
  ['RFC 7800 §3.1', 'cnf null', { cnf: null }],
  ['RFC 7800 §3.1', 'an empty cnf', { cnf: {} }],
  ['RFC 7800 §3.1', 'an unknown confirmation', { cnf: { kid: 'x' } }],
  ['RFC 7800 §3.1', 'a key as confirmation', { cnf: { jwk: {} } }],
  ['RFC 8017 §3.1', 'an RSA key of the exponent 1', { cnf: { jwk: { ...RSA_KEY, e: 'AQ' } } }],
  ['RFC 8017 §3.1', 'an RSA key of an even exponent', { cnf: { jwk: { ...RSA_KEY, e: 'AQAA' } } }],
  [
    'RFC 8017 §3.1',
    'an RSA key of an even modulus',
    { cnf: { jwk: { ...RSA_KEY, n: EVEN_MODULUS } } },
  ],
  [
    'RFC 8017 §3.1',
    'an RSA key of a long exponent',
    { cnf: { jwk: { ...RSA_KEY, e: 'AQAAAAE' } } },
  ],
  ['RFC 7800 §3.1', 'two confirmations', { cnf: { jkt: THUMBPRINT, 'x5t#S256': THUMBPRINT } }],
  ['RFC 7800 §3.1', 'a known and an unknown one', { cnf: { jkt: THUMBPRINT, osc: 1 } }],
  ['RFC 9449 §6.1', 'jkt that is no thumbprint', { cnf: { jkt: 'x' } }],
  ['RFC 9449 §6.1', 'jkt with bits to spare', { cnf: { jkt: `${'A'.repeat(42)}B` } }],
  ['RFC 9449 §6.1', 'jkt as a list', { cnf: { jkt: [THUMBPRINT] } }],
  ['RFC 8693 §4.2', 'scope as a number', { scope: 7 }],
  ['RFC 8693 §4.2', 'scope as an object', { scope: { read: true } }],
  ['RFC 8693 §4.2', 'scope and scp', { scope: 'a', scp: ['b'] }],
  ['RFC 6749 §3.3', 'a space inside one scope', { scp: ['a b'] }],
  ['RFC 6749 §3.3', 'a quote in a scope', { scope: 'a"b' }],
  ['RFC 6749 §3.3', 'a line end in a scope', { scope: 'a\nb' }],
  ['OIDC Core §2', 'auth_time as a string', { auth_time: '1' }],
  ['OIDC Core §2', 'acr as a list', { acr: ['loa3'] }],
  ['OIDC Core §2', 'amr as a string', { amr: 'pwd' }],
  ['OIDC Core §2', 'azp as a list', { azp: ['app'] }],
  ['RFC 9068 §2.2', 'client_id as an object', { client_id: {} }],
];

for (const [rule, name, claims] of malformed) {
  test(`${rule}: refuses ${name}`, async () => {
    await assert.rejects(validate(partner.sign(claims)), { reason: 'token-malformed' });
  });
}

test('RFC 8693 §4.1: eight actors are the most there can be', async () => {
  assert.equal((await validate(partner.sign({ act: links(8) }))).actors.length, 8);
});

for (const name of ['actort', 'http://schemas.xmlsoap.org/ws/2009/09/identity/claims/actor']) {
  test(`RFC 8693 §4.1: refuses a token that tells of an actor as ${name}, which would not show any more`, async () => {
    for (const value of ['broker', null])
      await assert.rejects(validate(partner.sign({ [name]: value })), {
        reason: 'token-type-unsupported',
      });
  });
}

test('A trusted issuer cannot say that a party of ours acted', async () => {
  const act = { iss: us.issuer, sub: 'gateway' };

  await assert.rejects(validate(partner.sign({ act })), { reason: 'issuer-untrusted' });
  await assert.rejects(validate(partner.sign({ act: { sub: 'b', act } })), {
    reason: 'issuer-untrusted',
  });
  assert.equal((await validate(us.sign({ act, client_id: 'app' }))).actors.length, 1);
});

test('A trusted issuer cannot name itself as us, nor a subject of ours', async () => {
  const forged = partner.sign({ iss: us.issuer, client_id: 'app' });

  await assert.rejects(validate(forged), { reason: 'signature-invalid' });
  const { subject, subjectPrefix } = await validate(partner.sign({ sub: 'gateway' }));
  assert.deepEqual(subject, { issuer: partner.issuer, id: 'gateway' });
  assert.equal(subjectPrefix, 'partner:');
});

test('Reserved claims never become claims that a mapping could copy', async () => {
  const claims = { act: { sub: 'b' }, client_id: 'app', scope: 'a', nonce: 'n', sid: 's' };

  const token = await validate(partner.sign({ ...claims, constructor: 'x', dept: 'sales' }));

  assert.deepEqual(
    token.claims.map(({ name }) => name),
    ['dept'],
  );
});

test('Refusals never quote the token but for the names of its issuer and audience', async () => {
  const secret = 'SECRET-VALUE';
  const hostile = [
    partner.sign({ exp: secret }),
    partner.sign({ cnf: { [secret]: 1 } }),
    partner.sign({ may_act: { [secret]: 1 } }),
    partner.sign({}, { kid: secret }),
    partner.sign({}, { alg: secret }),
    partner.sign({}, { typ: secret }),
    partner.signRaw('{"alg":"ES256"}', `{"a":"${secret}`),
  ];

  for (const token of hostile) {
    await assert.rejects(validate(token), (error: Error) => {
      assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /SECRET/);
      return true;
    });
  }
});

test('Refusals quote no more than the beginning of an issuer or audience that is not known', async () => {
  const long = `https://unknown.example/${'x'.repeat(1000)}`;

  for (const claims of [{ iss: long }, { aud: [long, long] }]) {
    await assert.rejects(validate(partner.sign(claims)), ({ message }: Error) => {
      assert.match(message, /https:\/\/unknown\.example\//);
      assert.ok(message.length < 300, message);
      return true;
    });
  }
});
