// What reaches the token endpoint before any grant does: sizes, encodings, methods.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import { startServer } from '#test/support/server/server.ts';

test('RFC 6749 §4.4: the client itself is the subject of client_credentials', async (t) => {
  const server = await startServer(t);

  const { status, body } = await server.post('/token', {
    grant_type: 'client_credentials',
    scope: 'orders.read',
  });

  assert.equal(status, 200, JSON.stringify(body));
  const claims = decodeJwt(String(body['access_token']));
  assert.equal(claims.sub, 'gateway');
  assert.equal(claims['client_id'], 'gateway');
  assert.equal(body['scope'], 'orders.read');
});

test('RFC 6749 §3.2: refuses a body of 1 MB without reading it', async (t) => {
  const server = await startServer(t);

  const { status, body } = await server.exchange({ subject_token: 'a'.repeat(1_000_000) });

  assert.equal(status, 413);
  assert.equal(body['error'], 'invalid_request');
});

test('RFC 6749 §3.2: refuses another content type', async (t) => {
  const server = await startServer(t);

  const { status, body } = await server.exchange(
    {},
    { headers: { 'content-type': 'application/json' } },
  );

  assert.equal(status, 415);
  assert.equal(body['error'], 'invalid_request');
});

test('Audit: what was wrong with a body that is not read is on record', async (t) => {
  const server = await startServer(t);

  await server.exchange({}, { headers: { 'content-type': 'application/json' } });
  await server.exchange({ subject_token: 'a'.repeat(1_000_000) });

  assert.deepEqual(
    (await server.auditRecords()).slice(-2).map((record) => [record['reason'], record['detail']]),
    [
      ['request-malformed', 'media type not accepted'],
      ['request-malformed', 'the body is too large'],
    ],
  );
});

test('RFC 6749 §3.2: refuses bytes that are not UTF-8 and broken percent-encoding', async (t) => {
  const server = await startServer(t);

  for (const body of [
    Buffer.from('grant_type=\xff', 'latin1'),
    'grant_type=%zz',
    'grant_type=%ff',
  ]) {
    const response = await fetch(`${server.url}/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body,
    });
    assert.equal(response.status, 400);
    assert.equal(((await response.json()) as { error: string }).error, 'invalid_request');
  }
});

test('RFC 6749 §3.2: the token endpoint answers POST only', async (t) => {
  const server = await startServer(t);

  const { status } = await server.get('/token?grant_type=client_credentials');

  assert.equal(status, 405);
});

test('RFC 6749 §3.2: only an endpoint reads a form: elsewhere there is no POST, whatever it sends', async (t) => {
  const server = await startServer(t);

  for (const path of ['/jwks', '/authorize', '/.well-known/oauth-authorization-server'])
    for (const headers of [{}, { 'content-type': 'application/json' }]) {
      const { status } = await server.post(path, { token: 'a.b.c' }, { as: null, headers });
      assert.equal(status, 405, path);
    }
});

test('RFC 6749 §3.2: errors are JSON also for a client that prefers HTML', async (t) => {
  const server = await startServer(t);

  const { status, headers } = await server.exchange(
    { subject_token: 'x' },
    { headers: { accept: 'text/html' } },
  );

  assert.equal(status, 400);
  assert.match(headers.get('content-type') ?? '', /^application\/json/);
});

test('RFC 9449 §5: a DPoP proof, which cannot be honoured, is refused and not ignored', async (t) => {
  const server = await startServer(t);

  const { status, body } = await server.exchange({}, { headers: { dpop: 'eyJ' } });

  assert.equal(status, 400);
  assert.equal(body['error'], 'invalid_request');
});

test('Authorization endpoint: refuses in JSON until there is a login, and tells nobody which clients there are', async (t) => {
  const server = await startServer(t);
  const login = 'response_type=code&scope=openid&redirect_uri=https://app.example/';

  const answers = new Set<string>();
  for (const query of ['', 'client_id=gateway', 'client_id=nobody'])
    for (const more of ['', login]) {
      const { status, headers, text } = await server.get(`/authorize?${query}&${more}`, {
        accept: 'text/html',
      });

      assert.equal(status, 400);
      assert.match(headers.get('content-type') ?? '', /^application\/json/);
      answers.add(text);
    }
  assert.equal(answers.size, 1, [...answers].join('\n'));
});
