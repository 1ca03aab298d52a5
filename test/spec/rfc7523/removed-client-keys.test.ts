// A key that a client withdrew must not authenticate it any longer, although its signature is good.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { eventually } from '#test/support/eventually.ts';
import { ISSUER } from '#test/support/server/document.ts';
import { type Ending, startServer } from '#test/support/server/server.ts';

const NOW_SECONDS = 1_800_000_000;
const KID = 'the-key';

async function aKey(kid: string) {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' } };
}

/** A client that publishes its keys at an address: what is published can change. */
async function startClient(t: Ending) {
  const { privateKey, jwk } = await aKey(KID);
  let [status, keys]: [number, unknown] = [200, [jwk]];
  let fetches = 0;
  let cacheControl = '';
  let held: ServerResponse[] | undefined;
  const answer = (response: ServerResponse): void => {
    response.statusCode = status;
    if (cacheControl !== '') response.setHeader('cache-control', cacheControl);
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }));
  };
  const server = createServer((_, response) => {
    fetches++;
    if (held) held.push(response);
    else answer(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
  };
  t.after(stop);
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    keepFor: (seconds: number) => (cacheControl = `public, max-age=${seconds}, immutable`),
    publish: (...published: object[]) => (keys = published),
    break: () => (status = 500),
    hang: () => void (held = []),
    mend() {
      status = 200;
      held?.forEach(answer);
      held = undefined;
    },
    garble: () => (keys = 'none'),
    stop,
    fetches: () => fetches,
    assertion: (header: object = { kid: KID }) =>
      new SignJWT({ iss: 'worker', sub: 'worker', aud: ISSUER, jti: randomUUID() })
        .setIssuedAt(Math.floor(Date.now() / 1000))
        .setExpirationTime(Math.floor(Date.now() / 1000) + 60)
        .setProtectedHeader({ alg: 'ES256', ...header })
        .sign(privateKey),
  };
}

/** A server whose keys of the client are stale once `pass` was called, and a request of that client. */
async function startServerOf(t: TestContext) {
  t.mock.timers.enable({ apis: ['Date'], now: NOW_SECONDS * 1000 });
  const client = await startClient(t);
  const server = await startServer(t, (document) => {
    document['fetch'] = { allowedHosts: [client.host] };
    document.clients.push({
      client_id: 'worker',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: `http://${client.host}/jwks`,
      grant_types: ['client_credentials'],
      default_target: 'orders',
    });
    Object.assign(document.relyingParties[0] ?? {}, {
      requestors: ['gateway', 'orders-api', 'worker'],
    });
    Object.assign(document.policy[1] ?? {}, { requestor: { client: ['gateway', 'worker'] } });
  });
  const authenticate = async (header?: object) =>
    server.post(
      '/token',
      {
        grant_type: 'client_credentials',
        client_assertion: await client.assertion(header),
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      },
      { as: null },
    );
  const pass = (seconds = 120) => {
    t.mock.timers.setTime(Date.now() + seconds * 1000);
    server.clock.advance(seconds);
  };
  return { client, server, authenticate, pass };
}

for (const [what, header, published] of [
  ['none in its place', { kid: KID }, []],
  ['another in its place', { kid: KID }, ['another']],
  ['another of its name', { kid: KID }, [KID]],
  ['another, and the assertion names none', {}, ['another']],
] as const)
  test(`RFC 7523 §3: a client key that is no longer published is refused once the key set is stale: ${what}`, async (t) => {
    const { client, authenticate, pass } = await startServerOf(t);

    const before = await authenticate(header);
    client.publish(...(await Promise.all(published.map(async (kid) => (await aKey(kid)).jwk))));
    pass();
    const after = await authenticate(header);

    assert.equal(before.status, 200, before.text);
    assert.deepEqual([after.status, after.body['error']], [401, 'invalid_client']);
    assert.equal(client.fetches(), 2);
  });

test('RFC 7523 §3: a client key that is no longer published is refused after an hour, however long the key set may be kept', async (t) => {
  const { client, authenticate, pass } = await startServerOf(t);
  client.keepFor(365 * 86_400);

  const before = await authenticate();
  client.publish();
  pass(3599);
  const meanwhile = await authenticate();
  pass(1);
  const after = await authenticate();

  assert.deepEqual([before.status, meanwhile.status, after.status], [200, 200, 401]);
  assert.equal(client.fetches(), 2);
});

const OUTAGES = [
  ['cannot be reached', 'stop'],
  ['answer with an error', 'break'],
  ['are no key set', 'garble'],
] as const;

type Answers = readonly Awaited<
  ReturnType<Awaited<ReturnType<typeof startServerOf>>['authenticate']>
>[];

function assertComeBack(answers: Answers): void {
  for (const { status, body, headers } of answers) {
    assert.deepEqual([status, body['error']], [503, 'temporarily_unavailable']);
    assert.equal(headers.get('retry-after'), '1');
  }
}

for (const [what, spoil] of OUTAGES) {
  test(`RFC 7523 §3: while the keys of a client ${what}, nobody knows whether one is still good`, async (t) => {
    const { client, server, authenticate, pass } = await startServerOf(t);
    const before = await authenticate();
    await client[spoil]();
    pass();

    const refused = [
      await authenticate(),
      await authenticate(),
      await authenticate({ kid: 'new' }),
    ];

    assert.equal(before.status, 200, before.text);
    assertComeBack(refused);
    assert.equal((await server.auditRecords()).at(-1)?.['reason'], 'dependency-unavailable');
  });

  test(`RFC 7523 §3: keys of a client that ${what} and were never fetched: it is told to come back, not that it is wrong`, async (t) => {
    const { client, server, authenticate } = await startServerOf(t);
    await client[spoil]();

    assertComeBack([await authenticate(), await authenticate()]);
    const record = (await server.auditRecords()).at(-1);
    assert.equal(record?.['reason'], 'dependency-unavailable');
    assert.equal(record['detail'], 'the keys of client worker cannot be fetched');
  });
}

test('RFC 7523 §3: a client whose keys can be fetched again is served at once', async (t) => {
  const { client, authenticate } = await startServerOf(t);
  client.break();
  assertComeBack([await authenticate()]);
  client.mend();

  assert.equal((await authenticate()).status, 200);
});

test('RFC 7523 §3: while one asks a server of keys that has failed, nobody waits with them', async (t) => {
  const { client, authenticate } = await startServerOf(t);
  client.break();
  assertComeBack([await authenticate()]);
  client.hang();
  const asking = authenticate();
  await eventually('the fetch', async () => client.fetches() === 2);

  const others = await Promise.all([authenticate(), authenticate()]);
  client.mend();

  assertComeBack(others);
  assert.equal((await asking).status, 200);
  assert.equal((await authenticate()).status, 200);
  assert.equal(client.fetches(), 2);
});

test('RFC 7523 §3: while one asks a server of keys that has answered since it failed, all wait with them', async (t) => {
  const { client, server, authenticate, pass } = await startServerOf(t);
  client.break();
  assertComeBack([await authenticate()]);
  client.mend();
  assert.equal((await authenticate()).status, 200);
  pass();
  client.hang();
  const asking = authenticate();
  await eventually('the fetch', async () => client.fetches() === 3);

  const others = [authenticate(), authenticate()];
  for (let round = 0; round < 10; round++) await server.get('/jwks');
  client.mend();

  for (const { status, text } of await Promise.all([asking, ...others]))
    assert.equal(status, 200, text);
});

test('RFC 6749 §5.2: while the keys of a client cannot be fetched, whoever presents no assertion learns nothing of it, and has nothing fetched', async (t) => {
  const { client, server } = await startServerOf(t);
  client.break();

  const form = { grant_type: 'client_credentials' };
  const [known, unknown] = [
    await server.post('/token', form, { as: ['worker', 'x'] }),
    await server.post('/token', form, { as: ['nobody', 'x'] }),
  ];

  assert.deepEqual([known.status, known.body], [401, unknown.body]);
  assert.equal(client.fetches(), 0);
});
