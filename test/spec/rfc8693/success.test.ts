// RFC 8693: what a client gets for an acceptable request.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import {
  ACCESS_TOKEN_TYPE,
  ID_TOKEN_TYPE,
  ISSUER,
  JWT_TYPE,
  ORDERS_SECRET,
  PARTNER,
} from '#test/support/server/document.ts';
import { type FormValues, startServer } from '#test/support/server/server.ts';

test('RFC 8693 §2.2.1: answers with access_token, issued_token_type, token_type, expires_in and scope', async (t) => {
  const server = await startServer(t);

  const { status, body, headers } = await server.exchange();

  assert.equal(status, 200);
  assert.equal(body['issued_token_type'], ACCESS_TOKEN_TYPE);
  assert.equal(body['token_type'], 'Bearer');
  assert.equal(body['expires_in'], 300);
  assert.equal(body['scope'], 'orders.read');
  assert.match(headers.get('cache-control') ?? '', /no-store/);
  assert.match(headers.get('x-correlation-id') ?? '', /^[\w-]{16,}$/);
});

test('RFC 9068 §2.2: the access token carries the subject, the target, the client and the mapped claims only', async (t) => {
  const server = await startServer(t);

  const { body } = await server.exchange();

  const token = String(body['access_token']);
  const keys = createRemoteJWKSet(new URL(`${server.url}/jwks`));
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    issuer: ISSUER,
    audience: 'orders',
    typ: 'at+jwt',
    currentDate: new Date(server.clock.now() * 1000),
  });
  assert.equal(protectedHeader.alg, 'ES256');
  assert.equal(payload['client_id'], 'gateway');
  assert.equal(payload['scope'], 'orders.read');
  assert.equal(payload['email'], 'alice@partner.example');
  assert.deepEqual([payload['roles']].flat(), ['buyer']);
  assert.equal(payload.exp, server.clock.now() + 300);
  assert.equal('groups' in payload, false);
  assert.equal('act' in payload, false);
});

test('RFC 8693 §2.1: issues a jwt and an id_token where the policy row grants them', async (t) => {
  const server = await startServer(t);

  const jwt = await server.exchange({ requested_token_type: JWT_TYPE });
  const idToken = await server.exchange({ requested_token_type: ID_TOKEN_TYPE });

  assert.equal(jwt.body['issued_token_type'], JWT_TYPE);
  assert.equal(jwt.body['token_type'], 'Bearer');
  assert.equal(decodeProtectedHeader(String(jwt.body['access_token'])).typ, 'JWT');
  assert.equal(idToken.body['issued_token_type'], ID_TOKEN_TYPE);
  assert.equal(idToken.body['token_type'], 'N_A');
  assert.equal(decodeJwt(String(idToken.body['access_token'])).aud, 'gateway');
});

test('RFC 8693 §2.2.1: a token that says no scope is told to have none, and none can be asked for', async (t) => {
  const server = await startServer(t);
  const requested_token_type = ID_TOKEN_TYPE;

  const plain = await server.exchange({ requested_token_type });
  const asked = await server.exchange({ requested_token_type, scope: 'orders.read' });

  assert.equal('scope' in decodeJwt(String(plain.body['access_token'])), false);
  assert.equal('scope' in plain.body, false);
  assert.deepEqual([asked.status, asked.body['error']], [400, 'invalid_scope']);
});

test('RFC 8693 §4.1: with an actor token the current actor is outermost and the chain of the subject token nested', async (t) => {
  const server = await startServer(t);
  const subject = await server.partner.sign({ act: { iss: PARTNER, sub: 'first-service' } });
  const actor = await server.partner.sign({ sub: 'second-service' });

  const { status, body } = await server.exchange({
    subject_token: subject,
    actor_token: actor,
    actor_token_type: JWT_TYPE,
  });

  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual(decodeJwt(String(body['access_token']))['act'], {
    iss: PARTNER,
    sub: 'second-service',
    act: { iss: PARTNER, sub: 'first-service' },
  });
});

test('RFC 8693 §2.1: an own access token is a subject token for the server it is addressed to, which becomes the actor', async (t) => {
  const server = await startServer(t);
  const first = await server.exchange();

  const { status, body } = await server.exchange(
    {
      subject_token: String(first.body['access_token']),
      subject_token_type: ACCESS_TOKEN_TYPE,
      resource: undefined,
      audience: 'billing',
      client_id: 'orders-api',
      client_secret: ORDERS_SECRET,
    },
    { as: null },
  );

  assert.equal(status, 200, JSON.stringify(body));
  const claims = decodeJwt(String(body['access_token']));
  assert.equal(claims.aud, 'billing');
  assert.deepEqual(claims['act'], { iss: ISSUER, sub: 'orders-api', client_id: 'orders-api' });
  assert.equal(decodeProtectedHeader(String(body['access_token'])).alg, 'RS256');
});

test('RFC 6749 §3.2: an empty parameter is absent', async (t) => {
  const server = await startServer(t);

  const { status, body } = await server.exchange({
    scope: '',
    actor_token: '',
    audience: '',
    requested_token_type: '',
  });

  assert.equal(status, 200, JSON.stringify(body));
});

test('RFC 8693 §2.1: resource and audience of one relying party may stand together', async (t) => {
  const server = await startServer(t);

  const { status, body } = await server.exchange({
    resource: ['https://orders.example/', 'https://orders.example/'],
    audience: 'orders',
  });

  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(decodeJwt(String(body['access_token'])).aud, 'orders');
});

test('RFC 8693 §2.1: without audience and resource the default target of the client is meant', async (t) => {
  const server = await startServer(t);

  const { status, body } = await server.exchange({ resource: undefined });

  assert.equal(status, 200);
  assert.equal(decodeJwt(String(body['access_token'])).aud, 'orders');
});

test('Policy: the token never outlives the subject token', async (t) => {
  const server = await startServer(t);
  const subject_token = await server.partner.sign({ exp: server.clock.now() + 100 });

  const { body } = await server.exchange({ subject_token });

  assert.equal(body['expires_in'], 100);
});

test('RFC 6749 §3.3: scopes stand one space apart; where none is granted there is no scope', async (t) => {
  const server = await startServer(t, ({ policy }) => {
    const scopes = ['orders.read', 'orders.write'];
    Object.assign(policy[0]?.['allow'] ?? {}, { scopes, scopeMode: 'mapped' });
    Object.assign(policy[1]?.['allow'] ?? {}, { scopes: [] });
  });
  const scopeOf = async (form: FormValues) => {
    const { body } = await server.exchange(form);
    return body['scope'] ?? body['error'];
  };

  assert.equal(await scopeOf({}), 'orders.read orders.write');
  assert.equal(await scopeOf({ scope: 'orders.write orders.read' }), 'orders.write orders.read');
  assert.equal(await scopeOf({ scope: 'orders.write orders.write' }), 'orders.write');
  assert.equal(await scopeOf({ scope: 'orders.write' }), 'orders.write');
  for (const scope of [' ', 'orders.write  orders.read', ' orders.read', 'orders.read '])
    assert.equal(await scopeOf({ scope }), 'invalid_scope');
  const { body, status } = await server.post('/token', { grant_type: 'client_credentials' });
  assert.deepEqual([status, 'scope' in body], [200, false]);
});

test('oauth §1.13: the records of an exchange carry the correlation id that the client is told, who asked, and from where', async (t) => {
  const server = await startServer(t);
  const before = (await server.auditRecords()).length;

  const { headers } = await server.exchange();

  const records = (await server.auditRecords()).slice(before);
  assert.deepEqual(
    records.map(({ outcome }) => outcome),
    ['allowed', 'minted'],
  );
  for (const { correlationId, requestor, sourceAddress } of records) {
    assert.equal(correlationId, headers.get('x-correlation-id'));
    assert.deepEqual(requestor, { id: 'gateway', kind: 'client', method: 'client_secret_basic' });
    assert.equal(sourceAddress, '127.0.0.1');
  }
});
