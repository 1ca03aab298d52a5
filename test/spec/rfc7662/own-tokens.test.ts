// RFC 7662 and RFC 7009 on the JWTs we issued.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeJwt, decodeProtectedHeader, importPKCS8, SignJWT } from 'jose';
import {
  ACCESS_TOKEN_TYPE,
  ISSUER,
  ORDERS_SECRET,
  withPublicClient,
} from '#test/support/server/document.ts';
import {
  type Answer,
  type FormValues,
  startServer,
  type TestServer,
} from '#test/support/server/server.ts';
import { assertRevocationOnRecord } from '#test/support/store/revocation.ts';

const asOrders = { client_id: 'orders-api', client_secret: ORDERS_SECRET };

const inspectAsOrders = (server: TestServer, token: string): Promise<Answer> =>
  server.post('/introspect', { token, ...asOrders }, { as: null });

async function issuedToken(server: TestServer, form: FormValues = {}): Promise<string> {
  const { body, text } = await server.exchange(form);
  assert.equal(typeof body['access_token'], 'string', text);
  return String(body['access_token']);
}

test('RFC 7662 §2.2: tells the server a token is addressed to, and its client, what it says', async (t) => {
  const server = await startServer(t);
  const token = await issuedToken(server);

  const byServer = await inspectAsOrders(server, token);
  const byClient = await server.post('/introspect', { token });

  for (const { status, body } of [byServer, byClient]) {
    assert.equal(status, 200);
    assert.equal(body['active'], true);
    assert.equal(body['iss'], ISSUER);
    assert.equal(body['client_id'], 'gateway');
    assert.equal(body['aud'], 'orders');
    assert.equal(body['scope'], 'orders.read');
    assert.equal(body['exp'], server.clock.now() + 300);
    assert.equal(body['email'], 'alice@partner.example');
  }
});

test('RFC 7662 §2.2: a server of the target needs no grant to ask, and gets no token', async (t) => {
  const server = await startServer(t, ({ clients }) => {
    const api = clients.find((client) => client['client_id'] === 'orders-api');
    Object.assign(api ?? {}, { grant_types: [] });
  });

  const { body } = await inspectAsOrders(server, await issuedToken(server));
  const refused = await server.post(
    '/token',
    { grant_type: 'client_credentials', ...asOrders },
    { as: null },
  );

  assert.equal(body['active'], true);
  assert.equal(refused.body['error'], 'unauthorized_client');
});

test('RFC 8693 §4.1: tells the whole chain of those who acted, with their clients', async (t) => {
  const server = await startServer(t);
  const inner = { iss: 'https://stranger.example', sub: 'inner' };
  const subject_token = await server.partner.sign({ act: { sub: 'outer', act: inner } });
  const first = await server.exchange({ subject_token });
  const onward = await server.exchange(
    {
      subject_token: String(first.body['access_token']),
      subject_token_type: ACCESS_TOKEN_TYPE,
      resource: undefined,
      audience: 'billing',
      ...asOrders,
    },
    { as: null },
  );
  const token = String(onward.body['access_token']);

  const { body } = await inspectAsOrders(server, token);

  const outer = { iss: 'https://partner.example', sub: 'outer', act: inner };
  const act = { iss: ISSUER, sub: 'orders-api', client_id: 'orders-api', act: outer };
  assert.deepEqual(body['act'], act, onward.text);
  assert.deepEqual(decodeJwt(token)['act'], act);
});

/** A token signed with the key of the server that says what it issued, changed by the test. */
async function resigned(server: TestServer, changes: object, form?: FormValues): Promise<string> {
  const issued = await issuedToken(server, form);
  const header = decodeProtectedHeader(issued);
  const pem = await readFile(
    join(server.directory, `keys/${header.alg?.toLowerCase()}.pem`),
    'utf8',
  );
  return new SignJWT({ ...decodeJwt(issued), ...changes })
    .setProtectedHeader({ ...header, alg: header.alg ?? '' })
    .sign(await importPKCS8(pem, header.alg ?? ''));
}

const THUMBPRINT = hash('sha256', 'a key', 'base64url');

for (const cnf of [{ jkt: THUMBPRINT }, { 'x5t#S256': THUMBPRINT }]) {
  test(`RFC 8705 §3.2: a token with cnf ${Object.keys(cnf)[0]} is told with it, and is no bearer token`, async (t) => {
    const server = await startServer(t);
    const token = await resigned(server, { cnf });

    const { body } = await inspectAsOrders(server, token);

    assert.equal(body['active'], true, JSON.stringify(body));
    assert.deepEqual(body['cnf'], cnf);
    assert.equal('token_type' in body, false);
  });
}

test('RFC 7800 §3.3: a token that is bound to a secret is told as inactive: no member says so, and it is no bearer token', async (t) => {
  const server = await startServer(t);
  const token = await resigned(server, { cnf: { jwe: 'a.b.c.d.e' } });

  const { body, status } = await inspectAsOrders(server, token);

  assert.deepEqual([status, body], [200, { active: false }]);
});

for (const [what, groups, changes] of [
  ['one value and one audience', ['buyer'], {}],
  ['several values and audiences', ['buyer', 'approver'], { aud: ['orders', 'elsewhere'] }],
  ['several scopes', ['buyer'], { scope: 'orders.read orders.write' }],
  ['no scope', [], { scope: undefined }],
] as const)
  test(`RFC 7662 §2.2: tells of a token with ${what} what stands in it, member by member`, async (t) => {
    const server = await startServer(t);
    const subject_token = await server.partner.sign({ groups });
    const token = await resigned(server, changes, { subject_token });

    const { body } = await inspectAsOrders(server, token);

    assert.deepEqual(body, { ...decodeJwt(token), active: true, token_type: 'Bearer' });
  });

test('RFC 9470 §6.2: tells how and when the subject of a token logged in, as the token does', async (t) => {
  const server = await startServer(t);
  const login = { auth_time: server.clock.now() - 60, acr: 'urn:x:strong', amr: ['pwd', 'otp'] };
  const token = await issuedToken(server, { subject_token: await server.partner.sign(login) });

  const { body } = await inspectAsOrders(server, token);

  const { auth_time, acr, amr } = body;
  assert.deepEqual({ auth_time, acr, amr }, login);
  assert.deepEqual(body, { ...decodeJwt(token), active: true, token_type: 'Bearer' });
});

test('Ledger: a token with our signature that is not on record is none of ours, whoever had the key', async (t) => {
  const server = await startServer(t);
  const [forged, same] = [await resigned(server, { jti: 'forged' }), await resigned(server, {})];

  const { body } = await inspectAsOrders(server, forged);
  const exchanged = (token: string) =>
    server.exchange(
      {
        subject_token: token,
        subject_token_type: ACCESS_TOKEN_TYPE,
        resource: 'https://billing.example/',
      },
      { as: ['orders-api', ORDERS_SECRET] },
    );

  assert.deepEqual(body, { active: false });
  assert.equal((await inspectAsOrders(server, same)).body['active'], true);
  const { body: refused, status } = await exchanged(forged);
  assert.deepEqual([status, refused['error']], [400, 'invalid_request']);
  const reasons = (await server.auditRecords()).map(({ reason }) => reason).filter(Boolean);
  assert.deepEqual(reasons, ['token-revoked']);
});

test('RFC 7662 §2.2: says inactive and nothing else of an expired, foreign, mangled or unknown token', async (t) => {
  const server = await startServer(t);
  const token = await issuedToken(server);
  const foreign = await server.partner.sign();
  const mangled = `${token.slice(0, -6)}AAAAAA`;

  const answers = [
    await inspectAsOrders(server, foreign),
    await inspectAsOrders(server, mangled),
    await inspectAsOrders(server, 'opaque-and-unknown'),
  ];
  server.clock.advance(400);
  answers.push(await inspectAsOrders(server, token));

  for (const { status, body } of answers) {
    assert.equal(status, 200);
    assert.deepEqual(body, { active: false });
  }
});

test('RFC 7662 §4: a token is inactive from its end on, within the skew of the clocks too', async (t) => {
  const server = await startServer(t);
  const token = await issuedToken(server);
  server.clock.advance(299);
  const last = await inspectAsOrders(server, token);
  server.clock.advance(1);

  const { body } = await inspectAsOrders(server, token);

  assert.equal(last.body['active'], true);
  assert.deepEqual(body, { active: false });
});

test('RFC 7662 §4: a client that is neither addressed nor the holder learns nothing', async (t) => {
  const server = await startServer(t, ({ clients }) => {
    clients.push({ ...clients[0], client_id: 'stranger' });
  });
  const token = await issuedToken(server);

  const { body } = await server.post(
    '/introspect',
    { token },
    { as: ['stranger', 'gateway-secret-of-at-least-32-characters'] },
  );

  assert.deepEqual(body, { active: false });
});

test('RFC 7662 §2.1: refuses a caller that is not authenticated, before looking at the token', async (t) => {
  const server = await startServer(t);

  const { status, body } = await server.post(
    '/introspect',
    { token: 'x' },
    { as: ['gateway', 'wrong'] },
  );

  assert.equal(status, 401);
  assert.equal(body['error'], 'invalid_client');
});

test('RFC 7662 §2.1: a client that only names itself is told nothing, and revokes what it was issued', async (t) => {
  const server = await startServer(t, withPublicClient);
  const asPublic = { client_id: 'public' };
  const { body } = await server.exchange(asPublic, { as: null });
  const form = { token: String(body['access_token']), ...asPublic };

  const told = await server.post('/introspect', form, { as: null });
  const unknown = await server.post('/introspect', { ...form, client_id: 'x' }, { as: null });
  const revoked = await server.post('/revoke', form, { as: null });

  assert.deepEqual([told.status, told.body['error']], [401, 'invalid_client']);
  assert.deepEqual([told.status, told.body], [unknown.status, unknown.body]);
  assert.equal(revoked.status, 200, revoked.text);
  assert.equal((await inspectAsOrders(server, form.token)).body['active'], false);
  const record = (await server.auditRecords()).find(({ event }) => event === 'token.validate');
  assert.deepEqual(
    [record?.['reason'], record?.['requestor']],
    ['requestor-unauthenticated', undefined],
  );
});

for (const path of ['/introspect', '/revoke'])
  test(`RFC 7662 §2.1, RFC 7009 §2.1: ${path} refuses a request without token, and one with two`, async (t) => {
    const server = await startServer(t);

    const answers = [await server.post(path, {}), await server.post(path, { token: ['a', 'b'] })];

    for (const { status, body } of answers)
      assert.deepEqual([status, body['error']], [400, 'invalid_request']);
  });

test('RFC 7662 §2.2: where there are no refresh tokens, what looks like one is inactive, and revoked with nothing done', async (t) => {
  const server = await startServer(t);
  const token = `vrt~${'a'.repeat(16)}~1~${'a'.repeat(43)}`;

  const told = await server.post('/introspect', { token });
  const revoked = await server.post('/revoke', { token });

  assert.deepEqual([told.status, told.body], [200, { active: false }]);
  assert.deepEqual([revoked.status, revoked.text], [200, '']);
});

test('RFC 7009 §2.1: a revoked token is inactive, also when it is asked for on the same second', async (t) => {
  const server = await startServer(t);
  const token = await issuedToken(server);

  const { headers, status, text } = await server.post('/revoke', { token });

  assert.equal(status, 200);
  assert.equal(text, '');
  assert.deepEqual((await inspectAsOrders(server, token)).body, { active: false });
  await assertRevocationOnRecord(server, headers, {
    id: 'gateway',
    kind: 'client',
    method: 'client_secret_basic',
  });
});

test('RFC 7009 §2.2: an unknown, foreign or already revoked token is answered with 200', async (t) => {
  const server = await startServer(t);
  const token = await issuedToken(server);

  const answers = [];
  for (const presented of ['unknown', await server.partner.sign(), token, token]) {
    const { headers, status, text } = await server.post('/revoke', { token: presented });
    answers.push([status, text, headers.get('content-type')]);
  }

  // No type: some clients parse what is said to be JSON, and there is none.
  assert.deepEqual(answers, Array(4).fill([200, '', null]));
});

for (const token_type_hint of ['refresh_token', 'id_token', 'urn:x', '__proto__'])
  test(`RFC 7009 §2.1: the hint ${token_type_hint} on an access token is a hint and no more, at both endpoints`, async (t) => {
    const server = await startServer(t);
    const token = await issuedToken(server);

    const told = await server.post('/introspect', { token, token_type_hint });
    const { status } = await server.post('/revoke', { token, token_type_hint });

    assert.equal(told.body['active'], true);
    assert.equal(status, 200);
    assert.deepEqual((await inspectAsOrders(server, token)).body, { active: false });
  });

test('RFC 7009 §2.2.1: an encrypted assertion lives on, and the answer says so', async (t) => {
  const server = await startServer(t);
  const namespace = 'urn:oasis:names:tc:SAML:2.0:assertion';
  const encrypted = `<saml:EncryptedAssertion xmlns:saml="${namespace}"/>`;
  // SAML 1.1 has no wrapper for it.
  const bare = '<xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"/>';
  const plain = `<saml:Assertion xmlns:saml="${namespace}">${bare}</saml:Assertion>`;

  for (const text of [encrypted, bare, `\n${bare}`, `<?xml version="1.0"?>\n${bare}`])
    for (const encoding of ['base64url', 'base64'] as const) {
      const refused = await server.post('/revoke', { token: Buffer.from(text).toString(encoding) });

      assert.deepEqual([refused.status, refused.body['error']], [400, 'unsupported_token_type']);
    }
  const ignored = await server.post('/revoke', { token: Buffer.from(plain).toString('base64url') });
  assert.equal(ignored.status, 200);
  const told = await server.post('/introspect', { token: Buffer.from(bare).toString('base64url') });
  assert.deepEqual([told.status, told.body], [200, { active: false }]);
  const [record] = (await server.auditRecords()).filter(({ outcome }) => outcome === 'refused');
  assert.equal(record?.['event'], 'token.revoke');
  assert.equal(record?.['reason'], 'token-type-unsupported');
});

test('RFC 7009 §2.1: refuses to revoke a token that was issued to another client, and it lives on', async (t) => {
  const server = await startServer(t);
  const token = await issuedToken(server);

  const { status, body } = await server.post('/revoke', { token, ...asOrders }, { as: null });

  assert.equal(status, 400);
  assert.equal(body['error'], 'unauthorized_client');
  assert.equal(body['error_description'], 'the client may not revoke this token');
  assert.equal((await inspectAsOrders(server, token)).body['active'], true);
});

test('Lineage: revoking a token kills what was made from it and blocks further exchange', async (t) => {
  const server = await startServer(t);
  const token = await issuedToken(server);
  const onward = {
    subject_token: token,
    subject_token_type: ACCESS_TOKEN_TYPE,
    resource: undefined,
    audience: 'billing',
    ...asOrders,
  };
  const child = await server.exchange(onward, { as: null });
  const childToken = String(child.body['access_token']);
  assert.equal((await inspectAsOrders(server, childToken)).body['active'], true, child.text);

  await server.post('/revoke', { token });

  assert.deepEqual((await inspectAsOrders(server, childToken)).body, { active: false });
  const again = await server.exchange(onward, { as: null });
  assert.equal(again.status, 400);
  assert.equal(again.body['error'], 'invalid_request');
});

test('ws-trust R23: a revoked token is still revoked after a restart', async (t) => {
  const server = await startServer(t);
  const token = await issuedToken(server);
  await server.post('/revoke', { token });

  const restarted = await server.restart();

  assert.deepEqual((await inspectAsOrders(restarted, token)).body, { active: false });
});
