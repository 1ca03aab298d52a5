// A client goes over to a new key that it published: it is looked for, and not more often than its server can bear.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '#test/support/eventually.ts';
import { aKey, startServerOf } from '#test/support/server/publishing-client.ts';

const SEARCH_SECONDS = 30;

/** A server that has the keys of the client for an hour, and a key that is published since. */
async function startWithNewKey(t: Parameters<typeof startServerOf>[0]) {
  const { client, authenticate, ...others } = await startServerOf(t);
  client.keepFor(3600);
  const first = await authenticate();
  assert.equal(first.status, 200, first.text);
  const { jwk, privateKey } = await aKey('next');
  const withNext = async () => (await authenticate({ kid: 'next' }, privateKey)).status;
  const withFirst = async () => (await authenticate()).status;
  return { client, jwk, withFirst, withNext, authenticate, ...others };
}

test('OIDC Core §10.1.1: a key that a client has published since is taken, however long the set before it may be kept', async (t) => {
  const { client, jwk, withFirst, withNext } = await startWithNewKey(t);
  client.publish(client.jwk, jwk);

  assert.deepEqual([await withNext(), await withFirst(), await withNext()], [200, 200, 200]);
  assert.equal(client.fetches(), 2);
});

test('OIDC Core §10.1.1: unknown keys of a client are looked for once for each interval, whoever names them', async (t) => {
  const { authenticate, client, pass, withNext } = await startWithNewKey(t);

  const refused = [await withNext(), await withNext(), await withNext()];
  const others = await Promise.all(
    ['a', 'b', 'c'].map(async (kid) => (await authenticate({ kid })).status),
  );
  const inOneInterval = client.fetches();
  pass(SEARCH_SECONDS);
  await withNext();

  assert.deepEqual(
    [...refused, ...others],
    Array.from({ length: 6 }, () => 401),
  );
  assert.deepEqual([inOneInterval, client.fetches()], [2, 3]);
});

test('RFC 7515 §4.1.4: where an assertion names no key, or no algorithm that there is, nothing is looked for', async (t) => {
  const { authenticate, client } = await startWithNewKey(t);
  const { privateKey } = await aKey('next');

  const [unnamed, numbered] = [
    await authenticate({}, privateKey),
    await authenticate({ kid: 7 }, privateKey),
  ];

  assert.deepEqual([unnamed.status, numbered.status, client.fetches()], [401, 401, 1]);
});

test('OIDC Core §10.1.1: while a new key of a client is looked for, whoever has a known one does not wait', async (t) => {
  const { client, jwk, withFirst, withNext } = await startWithNewKey(t);
  client.publish(client.jwk, jwk);
  client.hang();
  const asking = withNext();
  await eventually('the search', async () => client.fetches() === 2);

  const meanwhile = await withFirst();
  client.mend();

  assert.deepEqual([meanwhile, await asking], [200, 200]);
});

test('OIDC Core §10.1.1: all who come with a new key of a client wait for one search', async (t) => {
  const { client, jwk, server, withNext } = await startWithNewKey(t);
  client.publish(client.jwk, jwk);
  client.hang();
  const asking = withNext();
  await eventually('the search', async () => client.fetches() === 2);

  const others = [withNext(), withNext()];
  for (let round = 0; round < 10; round++) await server.get('/jwks');
  client.mend();

  assert.deepEqual(await Promise.all([asking, ...others]), [200, 200, 200]);
  assert.equal(client.fetches(), 2);
});

test('OIDC Core §10.1.1: while one looks for a new key at a server that has failed, nobody waits with them', async (t) => {
  const { client, jwk, pass, withNext } = await startWithNewKey(t);
  client.break();
  assert.equal(await withNext(), 503);
  pass(SEARCH_SECONDS);
  client.publish(client.jwk, jwk);
  client.hang();
  const asking = withNext();
  await eventually('the search', async () => client.fetches() === 3);

  const others = await Promise.all([withNext(), withNext()]);
  client.mend();

  assert.deepEqual(others, [503, 503]);
  assert.equal(await asking, 200);
});

test('RFC 9110 §10.2.3: a client whose new key can be fetched again is served as soon as it was told to come', async (t) => {
  const { authenticate, client, jwk, pass, withNext } = await startWithNewKey(t);
  client.break();
  const { privateKey } = await aKey('next');
  const refused = await authenticate({ kid: 'next' }, privateKey);
  const again = await withNext();
  const inOneSecond = client.fetches();
  client.publish(client.jwk, jwk);
  client.mend();
  pass(Number(refused.headers.get('retry-after')));

  assert.deepEqual([refused.status, again, inOneSecond], [503, 503, 2]);
  assert.equal(await withNext(), 200);
});

for (const [what, spoil] of [
  ['cannot be reached', 'stop'],
  ['answer with an error', 'break'],
  ['are no key set', 'garble'],
] as const)
  test(`OIDC Core §10.1.1: where the keys of a client ${what}, a known one is good as long as before, and of an unknown one nobody knows`, async (t) => {
    const { client, pass, withFirst, withNext } = await startWithNewKey(t);
    await client[spoil]();

    const during = [await withNext(), await withNext(), await withFirst()];
    pass(3600);
    const after = await withFirst();

    assert.deepEqual([...during, after], [503, 503, 200, 503]);
  });

test('OIDC Core §10.1.1: a set with a key that cannot be used tells nothing of the others', async (t) => {
  const { client, jwk, pass, withFirst, withNext } = await startWithNewKey(t);
  client.publish(client.jwk, jwk, { ...jwk, kid: 7 });

  const during = [await withNext(), await withFirst()];
  client.publish(client.jwk, jwk);
  pass(1);

  assert.deepEqual([...during, await withNext(), await withFirst()], [503, 503, 200, 200]);
});

test('Configuration: keys of a client may be as large as `fetch.maxBytes` says, as those of others, and no larger', async (t) => {
  const { client, jwk, pass, withNext } = await startWithNewKey(t);
  const chained = (characters: number) => ({
    ...jwk,
    kid: 'chained',
    x5c: ['A'.repeat(characters)],
  });

  client.publish(client.jwk, jwk, chained(200_000));
  const fitting = await withNext();
  client.publish(client.jwk, jwk, chained(270_000));
  pass(3600);

  assert.deepEqual([fitting, await withNext()], [200, 503]);
});
