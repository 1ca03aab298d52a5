// A key that a client withdrew must not authenticate it any longer, although its signature is good.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '#test/support/eventually.ts';
import { aKey, KID, startServerOf } from '#test/support/server/publishing-client.ts';

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

test('RFC 7523 §3: a client whose keys can be fetched again is served as soon as it was told to come', async (t) => {
  const { client, authenticate, pass } = await startServerOf(t);
  client.break();
  assertComeBack([await authenticate()]);
  client.mend();
  pass(1);

  assert.equal((await authenticate()).status, 200);
});

test('RFC 7523 §3: while the keys of a client cannot be fetched they are asked for once in a second, whoever names the client', async (t) => {
  const { client, authenticate, pass } = await startServerOf(t);
  client.break();

  assertComeBack([await authenticate(), await authenticate(), await authenticate({ kid: 'new' })]);
  const inOneSecond = client.fetches();
  pass(1);
  assertComeBack([await authenticate(), await authenticate()]);

  assert.deepEqual([inOneSecond, client.fetches()], [1, 2]);
});

test('RFC 7523 §3: while one asks a server of keys that has failed, nobody waits with them', async (t) => {
  const { client, authenticate, pass } = await startServerOf(t);
  client.break();
  assertComeBack([await authenticate()]);
  pass(1);
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
  pass(1);
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
