// To whom a foreign token was given: its audiences and its authorized party. A token that others have as well can be shown by them.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { JwtTrust } from '#src/tokens/jwt/jwt-trust.ts';
import { aForeignIssuer, type Members } from '#test/support/jwt/jwt.ts';
import { ownTrust, trustIn, validating } from '#test/support/jwt/jwt-terms.ts';
import { startServer } from '#test/support/server/server.ts';

const OURS = 'https://sts.example';
const partner = await aForeignIssuer();
const us = await aForeignIssuer({ issuer: OURS });

const on = (terms: Partial<JwtTrust>) =>
  validating({ trusted: [trustIn(partner, terms)], own: ownTrust(us) });

const MISMATCH = { reason: 'token-audience-mismatch' };

test('OIDC Core §3.1.3.7 rule 3: refuses an ID token with an audience that is not trusted', async () => {
  const validate = on({});
  const aud = [OURS, 'https://somebody.example'];

  await assert.rejects(validate(partner.sign({ aud }), 'id_token'), MISMATCH);
  // Whoever is named here is no reason to trust the other audience.
  await assert.rejects(validate(partner.sign({ aud, azp: OURS }), 'id_token'), MISMATCH);
});

test('OIDC Core §3.1.3.7 rule 3: takes an ID token whose audiences are all trusted', async () => {
  const validate = on({ audiences: [OURS, 'app'] });

  const token = await validate(partner.sign({ aud: [OURS, 'app'] }), 'id_token');

  assert.deepEqual(token.audiences, [OURS, 'app']);
});

test('RFC 7519 §4.1.3: takes a JWT that is no ID token with further audiences', async () => {
  const validate = on({});

  const token = await validate(partner.sign({ aud: [OURS, 'https://somebody.example'] }), 'jwt');

  assert.deepEqual(token.audiences, [OURS, 'https://somebody.example']);
});

test('OIDC Core §2: without authorizedParties azp is read and binds nobody, also where it is no audience', async () => {
  const token = await on({})(partner.sign({ azp: 'android-app' }), 'id_token');

  assert.equal(token.originClient, 'android-app');
});

const app = { audiences: [OURS, 'app', 'other'], authorizedParties: ['app'] };

const authorized: readonly (readonly [string, 'jwt' | 'id_token' | 'access_token', Members])[] = [
  ['azp', 'id_token', { azp: 'app' }],
  ['azp beside several audiences', 'id_token', { aud: [OURS, 'app'], azp: 'app' }],
  ['the sole audience of an ID token', 'id_token', { aud: 'app' }],
  ['client_id', 'jwt', { client_id: 'app' }],
  ['azp and client_id', 'jwt', { client_id: 'app', azp: 'app' }],
];

for (const [name, type, claims] of authorized)
  test(`OIDC Core §3.1.3.7 rule 5: takes a token for an authorized party, named by ${name}`, async () => {
    assert.equal((await on(app)(partner.sign(claims), type)).originClient, 'app');
  });

const unauthorized: typeof authorized = [
  ['azp names another', 'id_token', { azp: 'other' }],
  ['azp names another, and the audience is authorized', 'id_token', { aud: 'app', azp: 'other' }],
  ['the sole audience of an ID token is another', 'id_token', { aud: 'other' }],
  ['an ID token with several audiences has no azp', 'id_token', { aud: [OURS, 'app'] }],
  ['it names no client', 'jwt', {}],
  ['the audience of a JWT is no client', 'jwt', { aud: 'app' }],
  ['client_id names another', 'jwt', { client_id: 'other' }],
  ['azp names another than client_id', 'jwt', { client_id: 'app', azp: 'other' }],
  ['client_id names another than azp', 'jwt', { client_id: 'other', azp: 'app' }],
  ['the case differs', 'id_token', { azp: 'App' }],
];

for (const [name, type, claims] of unauthorized)
  test(`OIDC Core §3.1.3.7 rule 5: refuses a token for another party where authorized ones are named: ${name}`, async () => {
    await assert.rejects(on(app)(partner.sign(claims), type), MISMATCH);
  });

test('OIDC Core §3.1.3.7: the server holds audiences and azp of an ID token against its configuration', async (t) => {
  const server = await startServer(t, (document) => {
    const jwt = document.trustedIssuers[0]?.['jwt'] as { audiences: string[] };
    jwt.audiences.push('app');
    // An ID token has no scopes that could bound the granted ones.
    Object.assign(document.policy[0]?.['allow'] as object, { scopeMode: 'mapped' });
    Object.assign(jwt, { types: ['id_token'], authorizedParties: ['app'] });
  });
  const answer = async (claims: object) => {
    const subject_token = await server.partner.sign({ scope: undefined, ...claims });
    return server.exchange({
      subject_token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      scope: 'orders.read',
    });
  };

  const [good, other, further, alone] = [
    await answer({ aud: ['app', 'https://sts.example.org'], azp: 'app' }),
    await answer({ azp: 'other' }),
    await answer({ aud: ['app', 'https://somebody.example'], azp: 'app' }),
    await answer({ aud: ['app', 'https://sts.example.org'] }),
  ];

  assert.equal(good.status, 200, good.text);
  for (const { status, body } of [other, further, alone])
    assert.deepEqual([status, body['error']], [400, 'invalid_request']);
});
