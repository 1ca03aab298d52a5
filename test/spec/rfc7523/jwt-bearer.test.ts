// RFC 7523 §2.1: a JWT as an authorization grant. The same bad token is invalid_grant here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import { JWT_BEARER, JWT_TYPE, ORDERS_SECRET } from '#test/support/server/document.ts';
import {
  type FormValues,
  type Members,
  startServer,
  type TestServer,
} from '#test/support/server/server.ts';

const bearer = (server: TestServer, assertion: string, form: FormValues = {}) =>
  server.post('/token', {
    grant_type: JWT_BEARER,
    assertion,
    resource: 'https://orders.example/',
    ...form,
  });

test('RFC 7523 §2.1: exchanges an assertion for an access token', async (t) => {
  const server = await startServer(t);

  const { status, body } = await bearer(server, await server.partner.sign());

  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(body['token_type'], 'Bearer');
  assert.equal('issued_token_type' in body, false);
  assert.equal(decodeJwt(String(body['access_token'])).aud, 'orders');
});

test('FMN assertion grant: takes the upper-case spelling of the grant type and does not advertise it', async (t) => {
  const server = await startServer(t);
  const grant_type = 'urn:ietf:params:oauth:grant-type:JWT-bearer';

  const { status, body } = await bearer(server, await server.partner.sign(), { grant_type });
  const metadata = await server.get('/.well-known/oauth-authorization-server');

  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(metadata.text.includes('JWT-bearer'), false);
});

test('RFC 7523 §3: an assertion is used up: of 50 in parallel exactly one is accepted', async (t) => {
  const server = await startServer(t);
  const assertion = await server.partner.sign();

  const answers = await Promise.all(Array.from({ length: 50 }, () => bearer(server, assertion)));

  const refused = answers.filter(({ status }) => status === 400);
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  assert.equal(refused.length, 49);
  assert.ok(refused.every(({ body }) => body['error'] === 'invalid_grant'));
  const replays = (await server.auditRecords()).filter(({ event }) => event === 'replay.detected');
  assert.equal(replays.length, 49);
});

test('RFC 7523 §3: an assertion that was used up is good for nothing else either: not on behalf of, not as a subject or actor token', async (t) => {
  const server = await startServer(t);
  const assertion = await server.partner.sign();
  assert.equal((await bearer(server, assertion)).status, 200);

  const onBehalfOf = await bearer(server, assertion, { requested_token_use: 'on_behalf_of' });
  const exchanged = await server.exchange({ subject_token: assertion });
  const acting = async (actor: string) => {
    const subject_token = await server.partner.sign({ sub: 'bob' });
    return server.exchange({ subject_token, actor_token: actor, actor_token_type: JWT_TYPE });
  };
  const acted = await acting(assertion);

  assert.equal((await acting(await server.partner.sign())).status, 200);
  assert.deepEqual([onBehalfOf.status, onBehalfOf.body['error']], [400, 'invalid_grant']);
  assert.deepEqual([exchanged.status, exchanged.body['error']], [400, 'invalid_request']);
  assert.deepEqual([acted.status, acted.body['error']], [400, 'invalid_request']);
  const replays = (await server.auditRecords()).filter(({ event }) => event === 'replay.detected');
  assert.equal(replays.length, 3);
});

test('RFC 7523 §3: whoever holds an assertion cannot choose that it is good more than once, or at any age', async (t) => {
  const server = await startServer(t);
  const onBehalfOf = { requested_token_use: 'on_behalf_of' };
  const assertion = await server.partner.sign();
  const old = await server.partner.sign({ iat: server.clock.now() - 900 });

  const answers = [
    await bearer(server, assertion, onBehalfOf),
    await bearer(server, old, onBehalfOf),
    await bearer(server, assertion),
    await bearer(server, assertion),
  ];

  assert.deepEqual(
    answers.map(({ status }) => status),
    [400, 400, 200, 400],
  );
  assert.equal(answers[0]?.body['error'], 'invalid_grant');
});

test('Policy: a singleUse row uses the subject token of an exchange up: of 50 in parallel exactly one is accepted', async (t) => {
  const server = await startServer(t, ({ policy }) => {
    Object.assign(policy[0]?.['allow'] ?? {}, { singleUse: true });
  });
  const subject_token = await server.partner.sign();

  const answers = await Promise.all(
    Array.from({ length: 50 }, () => server.exchange({ subject_token })),
  );

  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  assert.equal(
    answers.filter(({ status, body }) => status === 400 && body['error'] === 'invalid_request')
      .length,
    49,
  );
});

const BAD_ASSERTIONS: readonly (readonly [
  title: string,
  claims: (now: number) => Members,
  reason: string,
])[] = [
  ['without jti', () => ({ jti: undefined }), 'token-malformed'],
  ['that is older than five minutes', (now) => ({ iat: now - 900 }), 'token-expired'],
  ['that is expired', (now) => ({ iat: now - 200, exp: now - 100 }), 'token-expired'],
  ['for another audience', () => ({ aud: 'https://elsewhere.example' }), 'token-audience-mismatch'],
  ['of an unknown issuer', () => ({ iss: 'https://stranger.example' }), 'issuer-untrusted'],
];

for (const [title, claims, reason] of BAD_ASSERTIONS) {
  test(`RFC 7523 §3: refuses an assertion ${title} as invalid_grant, like any other bad assertion`, async (t) => {
    const server = await startServer(t);
    const assertion = await server.partner.sign(claims(server.clock.now()));

    const { status, body } = await bearer(server, assertion);

    assert.equal(status, 400);
    assert.deepEqual(body, {
      error: 'invalid_grant',
      error_description: 'the assertion is not acceptable',
    });
    const records = await server.auditRecords();
    assert.equal(records.at(-1)?.['reason'], reason);
  });
}

test('RFC 7523 §3 rule 3: a token of ours is for its target: as a grant it is refused, and nobody who is shown it can use it up', async (t) => {
  const server = await startServer(t, ({ policy }) => {
    Object.assign(policy[1] ?? {}, { requestor: { client: ['gateway', 'orders-api'] } });
  });
  const { body } = await server.exchange();
  const shown = String(body['access_token']);

  const byServer = await server.post(
    '/token',
    { grant_type: JWT_BEARER, assertion: shown, resource: 'https://orders.example/' },
    { as: ['orders-api', ORDERS_SECRET] },
  );
  const byClient = await bearer(server, shown);
  const exchanged = await server.exchange({ subject_token: shown });

  assert.equal(byServer.body['error'], 'invalid_grant', byServer.text);
  assert.equal(byClient.body['error'], 'invalid_grant', byClient.text);
  assert.equal(exchanged.status, 200, exchanged.text);
  const reasons = (await server.auditRecords()).map(({ reason }) => reason);
  assert.deepEqual(reasons.filter(Boolean), ['token-audience-mismatch', 'token-audience-mismatch']);
});

test('RFC 7523 §2.1: refuses a request without assertion', async (t) => {
  const server = await startServer(t);

  const { status, body } = await bearer(server, '');

  assert.equal(status, 400);
  assert.equal(body['error'], 'invalid_request');
});

test('On-behalf-of dialect: takes an own access token more than once and drops the login scopes', async (t) => {
  const server = await startServer(t);
  const first = await server.exchange();
  const form = {
    grant_type: JWT_BEARER,
    assertion: String(first.body['access_token']),
    requested_token_use: 'on_behalf_of',
    scope: 'billing.read openid offline_access profile',
    audience: 'billing',
    client_info: '1',
    client_id: 'orders-api',
    client_secret: ORDERS_SECRET,
  };

  const answers = [
    await server.post('/token', form, { as: null }),
    await server.post('/token', form, { as: null }),
  ];

  for (const { status, body } of answers) {
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body['scope'], 'billing.read');
  }
});

test('On-behalf-of dialect: refuses another requested_token_use', async (t) => {
  const server = await startServer(t);

  const { body } = await bearer(server, await server.partner.sign(), {
    requested_token_use: 'anything',
  });

  assert.equal(body['error'], 'invalid_request');
});
