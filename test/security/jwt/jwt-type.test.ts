// Attacks by type: one kind of JWT must never pass as another (RFC 8725 §2.8, §3.11, §3.12).
import assert from 'node:assert/strict';
import test from 'node:test';
import type { ClaimValue } from '#core/claims/claim.ts';
import type { JwtTokenType } from '#src/tokens/jwt/jwt-type.ts';
import { aForeignIssuer, type Members } from '#test/support/jwt/jwt.ts';
import { ownTrust, trustIn, validating } from '#test/support/jwt/jwt-terms.ts';

const TYPES: readonly JwtTokenType[] = ['access_token', 'jwt', 'id_token'];
const partner = await aForeignIssuer();
const us = await aForeignIssuer({ issuer: 'https://sts.example' });
const validate = validating({ trusted: [trustIn(partner)], own: ownTrust(us) });
const OWN: Members = { client_id: 'app' };

const foreign: readonly (readonly [string | undefined, readonly JwtTokenType[]])[] = [
  ['at+jwt', ['access_token']],
  ['application/at+jwt', ['access_token']],
  ['Application/AT+JWT', ['access_token']],
  ['JWT', ['jwt', 'id_token']],
  ['jwt', ['jwt', 'id_token']],
  [undefined, ['jwt', 'id_token']],
];

for (const [typ, accepted] of foreign) {
  for (const type of TYPES) {
    const isAccepted = accepted.includes(type);
    test(`RFC 8725 §3.11: a foreign token of typ ${typ} declared ${type} is ${isAccepted ? 'taken' : 'refused'}`, async () => {
      const result = validate(partner.sign({}, { typ }), type);

      if (isAccepted) await result;
      else await assert.rejects(result, { reason: 'token-malformed' });
    });
  }
}

const OTHER_KINDS: readonly ClaimValue[] = [
  'client-authentication+jwt',
  'logout+jwt',
  'secevent+jwt',
  'dpop+jwt',
  'oauth-id-jag+jwt',
  'txntoken+jwt',
  'statuslist+jwt',
  'token-introspection+jwt',
  'oauth-authz-req+jwt',
  'JOSE',
  'absent',
  'at+jwt;x=1',
  'application/application/at+jwt',
  ' JWT',
  '',
  '__proto__',
  null,
  7,
  ['JWT'],
];

for (const typ of OTHER_KINDS) {
  test(`RFC 8725 §3.11: typ ${JSON.stringify(typ)} is taken as nothing, ours or foreign`, async () => {
    for (const type of TYPES) {
      for (const token of [partner.sign({}, { typ }), us.sign(OWN, { typ })]) {
        await assert.rejects(validate(token, type), { reason: 'token-malformed' });
      }
    }
  });
}

test('RFC 9068 §4: our access tokens have typ at+jwt, and nothing else is one', async () => {
  await validate(us.sign(OWN, { typ: 'at+jwt' }), 'access_token');

  for (const typ of ['JWT', undefined]) {
    await assert.rejects(validate(us.sign(OWN, { typ }), 'access_token'), {
      reason: 'token-malformed',
    });
  }
});

test('RFC 9068 §2.2: our own token without iat, jti or client_id is refused', async () => {
  for (const name of ['iat', 'jti', 'client_id']) {
    const token = us.sign({ ...OWN, [name]: undefined }, { typ: 'at+jwt' });

    await assert.rejects(validate(token, 'access_token'), { reason: 'token-malformed' });
  }
});

test('OIDC Core §2: our ID token has no client_id and no scope', async () => {
  await validate(us.sign({ azp: 'app' }), 'id_token');

  for (const claims of [OWN, { azp: 'app', scope: 'a' }, { azp: 'app', scp: ['a'] }]) {
    await assert.rejects(validate(us.sign(claims), 'id_token'), { reason: 'token-malformed' });
  }
});

for (const said of [
  { nonce: 'n' },
  { at_hash: 'h' },
  { c_hash: 'h' },
  { s_hash: 'h' },
  { token_use: 'id' },
]) {
  const [name] = Object.keys(said);
  test(`OIDC Core §3.1.3.7 rule 3: an ID token that shows it by ${name} is held to its audiences, declared as a JWT too`, async () => {
    const aud = ['https://sts.example', 'https://other.example'];

    for (const type of ['jwt', 'id_token'] as const)
      await assert.rejects(validate(partner.sign({ ...said, aud }), type), {
        reason: 'token-audience-mismatch',
      });
    assert.equal((await validate(partner.sign(said), 'jwt')).writtenType, 'id_token');
    await validate(partner.sign({ aud }), 'jwt');
  });
}

test('OIDC Core §2: an access token is none for the nonce of the login that Keycloak before 25 writes into it', async () => {
  const aud = ['https://sts.example', 'account'];
  const accessToken = partner.sign({ nonce: 'n', scope: 'openid', typ: 'Bearer', aud });

  const { writtenType } = await validate(accessToken, 'jwt');

  assert.equal(writtenType, undefined);
});

test('OIDC Core §2: an ID token without iat is refused', async () => {
  await assert.rejects(validate(partner.sign({ iat: undefined }), 'id_token'), {
    reason: 'token-malformed',
  });
});

test('RFC 8725 §3.12: their content tells ID tokens and access tokens apart, whatever their typ', async () => {
  const types = ['access_token', 'id_token'] as const;
  const both = validating({ trusted: [trustIn(partner, { types })] });
  const asAccessToken = (claims: Members) =>
    both(partner.sign(claims, { typ: 'at+jwt' }), types[0]);
  const asIdToken = (claims: Members) => both(partner.sign(claims), types[1]);

  await asIdToken({ at_hash: 'x' });
  await asAccessToken({ scope: 'read' });

  await assert.rejects(asAccessToken({ at_hash: 'x' }), { reason: 'token-malformed' });
  await assert.rejects(asIdToken({ scope: 'read' }), { reason: 'token-malformed' });
  await assert.rejects(asAccessToken({ token_use: 'id' }), { reason: 'token-malformed' });
  await assert.rejects(asIdToken({ token_use: 'access' }), { reason: 'token-malformed' });
  await assert.rejects(both(partner.sign(), 'jwt'), { reason: 'token-type-unsupported' });
});

test('RFC 8417 §4: a security event or logout token is no token of any type', async () => {
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };

  for (const type of ['jwt', 'id_token'] as const) {
    await assert.rejects(validate(partner.sign({ events }), type), { reason: 'token-malformed' });
  }
});
