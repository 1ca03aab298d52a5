// RFC 8693 §2.2.2: what is refused, and that the ways a token can be bad look the same from outside.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  ACCESS_TOKEN_TYPE,
  ID_TOKEN_TYPE,
  JWT_TYPE,
  ORDERS_SECRET,
  TOKEN_EXCHANGE,
} from '#test/support/server/document.ts';
import {
  type Answer,
  type FormValues,
  type Members,
  startServer,
  type TestServer,
} from '#test/support/server/server.ts';

const BAD_TOKEN = {
  error: 'invalid_request',
  error_description: 'a presented token is not acceptable',
};

interface Refusal {
  readonly title: string;
  readonly form: (server: TestServer) => Promise<FormValues> | FormValues;
  readonly error: string;
  readonly reason: string;
}

async function lastReason(server: TestServer): Promise<unknown> {
  const records = await server.auditRecords();
  return records.findLast((record) => record['outcome'] === 'refused')?.['reason'];
}

function assertCleanRefusal({ status, headers, body, text }: Answer, error: string): void {
  assert.equal(status, 400, text);
  assert.equal(body['error'], error);
  assert.deepEqual(Object.keys(body).sort(), ['error', 'error_description']);
  assert.match(headers.get('content-type') ?? '', /^application\/json/);
  assert.match(headers.get('x-correlation-id') ?? '', /^[\w-]{16,}$/);
  assert.doesNotMatch(text, /node_modules|\.ts:|Error:|eyJ/);
}

const BAD_TOKENS: readonly (readonly [
  title: string,
  claims: (now: number) => Members,
  reason: string,
])[] = [
  ['expired', (now) => ({ exp: now - 120, iat: now - 600 }), 'token-expired'],
  ['not yet valid', (now) => ({ nbf: now + 600 }), 'token-not-yet-valid'],
  ['without exp', () => ({ exp: undefined }), 'token-malformed'],
  ['with exp 1e18', () => ({ exp: 1e18 }), 'token-malformed'],
  ['for another audience', () => ({ aud: 'https://elsewhere.example' }), 'token-audience-mismatch'],
  ['of an unknown issuer', () => ({ iss: 'https://stranger.example' }), 'issuer-untrusted'],
  ['without a subject', () => ({ sub: undefined }), 'token-malformed'],
  ['with a malformed act', () => ({ act: 'someone' }), 'token-malformed'],
];

for (const [title, claims, reason] of BAD_TOKENS) {
  test(`RFC 8693 §2.2.2: refuses a subject token ${title} as invalid_request, like any other bad token`, async (t) => {
    const server = await startServer(t);
    const subject_token = await server.partner.sign(claims(server.clock.now()));

    const answer = await server.exchange({ subject_token });

    assertCleanRefusal(answer, 'invalid_request');
    assert.deepEqual(answer.body, BAD_TOKEN);
    assert.equal(await lastReason(server), reason);
  });
}

const REFUSALS: readonly Refusal[] = [
  {
    title: 'a subject token that is no JWT',
    form: () => ({ subject_token: 'nonsense' }),
    error: 'invalid_request',
    reason: 'token-malformed',
  },
  {
    title: 'an unknown subject_token_type',
    form: () => ({ subject_token_type: 'urn:example:none' }),
    error: 'invalid_request',
    reason: 'token-type-unsupported',
  },
  {
    title: 'a missing subject_token_type',
    form: () => ({ subject_token_type: undefined }),
    error: 'invalid_request',
    reason: 'request-malformed',
  },
  {
    title: 'an unknown requested_token_type',
    form: () => ({ requested_token_type: 'urn:example:none' }),
    error: 'invalid_request',
    reason: 'token-type-unsupported',
  },
  {
    title: 'actor_token without actor_token_type',
    form: async ({ partner }) => ({ actor_token: await partner.sign({ sub: 'service' }) }),
    error: 'invalid_request',
    reason: 'request-malformed',
  },
  {
    title: 'actor_token_type without actor_token',
    form: () => ({ actor_token_type: JWT_TYPE }),
    error: 'invalid_request',
    reason: 'request-malformed',
  },
  {
    title: 'an unknown resource',
    form: () => ({ resource: 'https://nowhere.example/' }),
    error: 'invalid_target',
    reason: 'target-unknown',
  },
  {
    title: 'a resource that is no absolute URI',
    form: () => ({ resource: 'orders' }),
    error: 'invalid_target',
    reason: 'target-unknown',
  },
  {
    title: 'a resource with a fragment',
    form: () => ({ resource: 'https://orders.example/#x' }),
    error: 'invalid_target',
    reason: 'target-unknown',
  },
  {
    title: 'a target that is not permitted',
    form: () => ({ resource: 'https://billing.example/' }),
    error: 'invalid_target',
    reason: 'target-not-allowed',
  },
  {
    title: 'a permitted target together with one that is not',
    form: () => ({ audience: ['orders', 'billing'], resource: undefined }),
    error: 'invalid_target',
    reason: 'target-not-allowed',
  },
  {
    title: 'a widened scope',
    form: () => ({ scope: 'orders.read orders.write' }),
    error: 'invalid_scope',
    reason: 'scope-not-allowed',
  },
  {
    title: 'a scope that the subject token does not have',
    form: async ({ partner }) => ({
      subject_token: await partner.sign({ scope: 'other' }),
      scope: 'orders.read',
    }),
    error: 'invalid_scope',
    reason: 'scope-not-allowed',
  },
  {
    title: 'a subject that would act for itself',
    form: async ({ partner }) => ({
      actor_token: await partner.sign(),
      actor_token_type: JWT_TYPE,
    }),
    error: 'invalid_request',
    reason: 'delegation-not-allowed',
  },
  {
    title: 'an actor that may_act does not name',
    form: async ({ partner }) => ({
      subject_token: await partner.sign({ may_act: { sub: 'other' } }),
      actor_token: await partner.sign({ sub: 'service' }),
      actor_token_type: JWT_TYPE,
    }),
    error: 'invalid_request',
    reason: 'delegation-not-allowed',
  },
  {
    title: 'no actor where may_act names one',
    form: async ({ partner }) => ({
      subject_token: await partner.sign({ may_act: { sub: 'service' } }),
    }),
    error: 'invalid_request',
    reason: 'delegation-not-allowed',
  },
  {
    title: 'authorization_details, which cannot be honoured',
    form: () => ({ authorization_details: '[]' }),
    error: 'invalid_request',
    reason: 'request-malformed',
  },
  {
    title: 'authorization_details, by whatever name the target is meant',
    form: () => ({ authorization_details: '[]', resource: undefined, audience: 'orders' }),
    error: 'invalid_request',
    reason: 'request-malformed',
  },
  {
    title: 'a repeated subject_token',
    form: async ({ partner }) => ({ subject_token: [await partner.sign(), await partner.sign()] }),
    error: 'invalid_request',
    reason: 'request-malformed',
  },
  {
    title: 'a repeated scope',
    form: () => ({ scope: ['orders.read', 'orders.read'] }),
    error: 'invalid_request',
    reason: 'request-malformed',
  },
  {
    title: 'a repeated grant_type',
    form: () => ({ grant_type: [TOKEN_EXCHANGE, TOKEN_EXCHANGE] }),
    error: 'invalid_request',
    reason: 'request-malformed',
  },
  {
    title: 'an unknown grant_type',
    form: () => ({ grant_type: 'password' }),
    error: 'unsupported_grant_type',
    reason: 'operation-unsupported',
  },
  {
    title: 'the grant of a login, which is not here',
    form: () => ({ grant_type: 'authorization_code', code: 'code' }),
    error: 'unsupported_grant_type',
    reason: 'operation-unsupported',
  },
];

for (const { title, form, error, reason } of REFUSALS) {
  test(`RFC 8693 §2.1: refuses ${title}`, async (t) => {
    const server = await startServer(t);

    const answer = await server.exchange(await form(server));

    assertCleanRefusal(answer, error);
    assert.equal(await lastReason(server), reason);
  });
}

async function ownToken(server: TestServer, requested: string): Promise<string> {
  const { body } = await server.exchange({ requested_token_type: requested });
  return String(body['access_token']);
}

const CONFUSIONS = [
  ['access token', ACCESS_TOKEN_TYPE, ID_TOKEN_TYPE],
  ['ID token', ID_TOKEN_TYPE, ACCESS_TOKEN_TYPE],
  ['jwt', JWT_TYPE, ID_TOKEN_TYPE],
] as const;

async function refusesConfusion(t: TestContext, real: string, declared: string): Promise<void> {
  const server = await startServer(t);
  const subject_token = await ownToken(server, real);

  const answer = await server.exchange({ subject_token, subject_token_type: declared });

  assertCleanRefusal(answer, 'invalid_request');
  assert.deepEqual(answer.body, BAD_TOKEN);
}

for (const [name, real, declared] of CONFUSIONS) {
  test(`RFC 8725 §3.11: refuses an own ${name} that is declared as ${declared.split(':').pop()}`, (t) =>
    refusesConfusion(t, real, declared));
}

test('Policy: refuses a client that may not use the grant as unauthorized_client', async (t) => {
  const server = await startServer(t, ({ clients }) => {
    Object.assign(clients[0] ?? {}, { grant_types: ['client_credentials'] });
  });

  assertCleanRefusal(await server.exchange(), 'unauthorized_client');
  assert.equal(await lastReason(server), 'requestor-not-allowed');
});

test('Policy: refuses delegation where the row grants impersonation only, and the reverse', async (t) => {
  for (const [allow, form] of [
    [{ impersonation: true, delegation: false }, true],
    [{ impersonation: false, delegation: true }, false],
  ] as const) {
    const server = await startServer(t, ({ policy }) => {
      Object.assign(policy[0]?.['allow'] ?? {}, allow);
    });
    const actor = form
      ? { actor_token: await server.partner.sign({ sub: 'service' }), actor_token_type: JWT_TYPE }
      : {};

    assertCleanRefusal(await server.exchange(actor), 'invalid_request');
    assert.equal(await lastReason(server), 'delegation-not-allowed');
  }
});

test('Confused deputy: refuses an own token that was issued to another client for another server', async (t) => {
  const server = await startServer(t, ({ clients, policy }) => {
    clients.push({ ...clients[0], client_id: 'stranger' });
    Object.assign(policy[1] ?? {}, { requestor: { client: ['gateway', 'stranger'] } });
    Object.assign(policy[0] ?? {}, { requestor: { client: ['gateway', 'stranger'] } });
  });
  const subject_token = await ownToken(server, ACCESS_TOKEN_TYPE);

  const answer = await server.exchange(
    { subject_token, subject_token_type: ACCESS_TOKEN_TYPE },
    { as: ['stranger', 'gateway-secret-of-at-least-32-characters'] },
  );

  assertCleanRefusal(answer, 'invalid_request');
  assert.deepEqual(answer.body, BAD_TOKEN);
  assert.equal(await lastReason(server), 'token-audience-mismatch');
});

test('oauth §1.13: each refusal is on record once, with the correlation id that the client is told, and with who asked once it has authenticated', async (t) => {
  const server = await startServer(t, ({ clients }) => {
    Object.assign(clients[1] ?? {}, { grant_types: ['client_credentials'] });
  });
  const orders = ['orders-api', ORDERS_SECRET] as const;
  const gateway = { id: 'gateway', kind: 'client', method: 'client_secret_basic' };
  const ordersApi = { id: 'orders-api', kind: 'client', method: 'client_secret_post' };
  const asOrders = { client_id: orders[0], client_secret: orders[1] };
  const token = await ownToken(server, ACCESS_TOKEN_TYPE);
  const refusals = [
    ['requestor-unauthenticated', undefined, () => server.exchange({}, { as: ['gateway', 'x'] })],
    ['requestor-not-allowed', ordersApi, () => server.exchange(asOrders, { as: null })],
    ['request-malformed', gateway, () => server.exchange({ claims: '{}' })],
    ['request-malformed', gateway, () => server.exchange({ actor_token_type: JWT_TYPE })],
    ['target-unknown', gateway, () => server.exchange({ resource: 'orders' })],
    [
      'target-not-allowed',
      gateway,
      () => server.exchange({ resource: 'https://billing.example/' }),
    ],
    [
      'requestor-not-allowed',
      ordersApi,
      () => server.post('/revoke', { token, ...asOrders }, { as: null }),
    ],
  ] as const;

  for (const [reason, requestor, refuse] of refusals) {
    const before = (await server.auditRecords()).length;
    const { headers } = await refuse();

    const [record, ...others] = (await server.auditRecords()).slice(before);
    assert.deepEqual(others, [], reason);
    assert.deepEqual([record?.['reason'], record?.['requestor']], [reason, requestor]);
    assert.equal(record?.['correlationId'], headers.get('x-correlation-id'));
    assert.equal(record?.['sourceAddress'], '127.0.0.1');
  }
});

for (const path of ['/token', '/introspect', '/revoke'])
  test(`oauth §1.13: of a client that did not prove who it is the record has the name if there is such a client, and no name that was made up: ${path}`, async (t) => {
    const server = await startServer(t);
    const detailOf = async (client: string) => {
      const form = { grant_type: TOKEN_EXCHANGE, token: 'x' };
      assert.equal((await server.post(path, form, { as: [client, 'x'] })).status, 401);
      return (await server.auditRecords()).at(-1)?.['detail'];
    };

    assert.equal(await detailOf('gateway'), 'client gateway: invalid secret provided');
    assert.equal(await detailOf('hunter2'), 'client not found');
  });

test('RFC 8707 §2: the record says of a resource that it is no absolute URI without fragment', async (t) => {
  const server = await startServer(t);

  for (const resource of ['orders', 'https://orders.example/#', '//orders.example/']) {
    await server.exchange({ resource });

    const last = (await server.auditRecords()).at(-1);
    assert.equal(last?.['detail'], 'resource is not an absolute URI without fragment');
  }
});

test('RFC 3986 §3.2.1: a password in an address that was asked for is on no record', async (t) => {
  const server = await startServer(t);
  const resource = `https://gateway:hunter2@orders.example/${'x'.repeat(300)}`;

  const { body } = await server.exchange({ resource });

  const record = (await server.auditRecords()).at(-1);
  assert.equal(body['error'], 'invalid_target');
  const told = `https://[redacted]@orders.example/${'x'.repeat(300)}`.slice(0, 200);
  assert.deepEqual(record?.['targets'], [told]);
  assert.doesNotMatch(JSON.stringify(record), /hunter2/);
});
