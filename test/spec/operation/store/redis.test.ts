// A server whose state is on Redis: it waits for it, closes without it, and never trusts a store that has forgotten.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { DRIVERS } from '#test/store/redis/redis-under-test.ts';
import { eventually } from '#test/support/eventually.ts';
import {
  createRedisServer,
  type RedisServer,
  redisMissing,
} from '#test/support/redis/redis-server.ts';
import { JWT_BEARER, ORDERS_SECRET } from '#test/support/server/document.ts';
import { viaduct } from '#test/support/server/process.ts';
import { serve } from '#test/support/server/served.ts';
import { startServer, type TestServer } from '#test/support/server/server.ts';

async function aRedis(t: TestContext, settings = {}): Promise<RedisServer> {
  const redis = await createRedisServer({ settings: { appendonly: 'yes', ...settings } });
  t.after(() => redis.dispose());
  return redis;
}

/** What is asked is what happens, not how fast: a busy machine must not refuse. */
const storeOn = ({ port }: RedisServer) => ({
  redis: { mode: 'single', nodes: [`127.0.0.1:${port}`], deadlineMilliseconds: 10_000 },
});

const startOn = (t: TestContext, redis: RedisServer, secondsAhead = 0): Promise<TestServer> =>
  startServer(t, (document, _directory, clock) => {
    clock.set(Math.floor(Date.now() / 1000) + secondsAhead);
    document['store'] = storeOn(redis);
  });

async function readiness(server: TestServer): Promise<{ status: number; reasons: unknown }> {
  const response = await fetch(`${server.managementUrl}/readyz`);
  const { reasons } = (await response.json()) as { reasons: unknown };
  return { status: response.status, reasons };
}

const bearer = (server: TestServer, assertion: string) =>
  server.post('/token', {
    grant_type: JWT_BEARER,
    assertion,
    resource: 'https://orders.example/',
  });

describe('Store on Redis', { skip: redisMissing() }, () => {
  test('RFC 7523 §3: an assertion is used once, by every server of the store and after a restart of one', async (t) => {
    const redis = await aRedis(t);
    await redis.start();
    const server = await startOn(t, redis);
    const assertion = await server.partner.sign();

    const first = await bearer(server, assertion);
    const second = await bearer(server, assertion);
    const later = await bearer(await server.restart(), assertion);

    assert.equal(first.status, 200, first.text);
    assert.deepEqual(
      [second, later].map(({ body }) => body['error']),
      ['invalid_grant', 'invalid_grant'],
    );
  });

  test('RFC 7009 §2: a revoked token is not active any more, after a restart of Redis neither', async (t) => {
    const redis = await aRedis(t, { appendfsync: 'always' });
    await redis.start();
    const server = await startOn(t, redis);
    const token = String((await server.exchange()).body['access_token']);
    const introspect = () =>
      server.post(
        '/introspect',
        { token, client_id: 'orders-api', client_secret: ORDERS_SECRET },
        { as: null },
      );
    assert.equal((await introspect()).body['active'], true);

    await server.post('/revoke', { token });
    await redis.kill();
    await redis.start();

    await eventually('the store is ready', async () => (await readiness(server)).status === 200);
    assert.equal((await introspect()).body['active'], false);
  });

  for (const driver of DRIVERS)
    test(`Store there at start: nothing is complained about (${driver})`, async (t) => {
      const redis = await aRedis(t);
      await redis.start();

      const { managementUrl, server } = await serve(t, (document) => {
        document['log'] = { level: 'warn' };
        document['store'] = { redis: { ...storeOn(redis).redis, driver } };
      });
      await eventually('it is ready', async () => (await fetch(`${managementUrl}/readyz`)).ok);
      server.child.kill('SIGTERM');
      await server.exit();

      assert.doesNotMatch(server.text(), /"level":/);
    });

  test('Store away at start: the server lives, is not ready and issues nothing; all comes with Redis', async (t) => {
    const redis = await aRedis(t);
    const server = await startOn(t, redis);

    const live = await fetch(`${server.managementUrl}/livez`);
    const closed = await server.exchange();
    const keys = await server.get('/jwks');
    const before = await readiness(server);
    await redis.start();
    await eventually('the store is ready', async () => (await readiness(server)).status === 200);
    const open = await server.exchange();

    assert.equal(live.status, 200);
    assert.equal(closed.status, 503);
    assert.equal(closed.body['error'], 'temporarily_unavailable');
    assert.match(closed.headers.get('retry-after') ?? '', /^\d+$/);
    assert.equal(keys.status, 200);
    assert.deepEqual(before, { status: 503, reasons: ['store'] });
    assert.equal(open.status, 200, open.text);
  });

  test('Store forgets: the first request after FLUSHALL is closed, and so is every other until a new start', async (t) => {
    const redis = await aRedis(t);
    await redis.start();
    const server = await startOn(t, redis);
    const assertion = await server.partner.sign();
    assert.equal((await bearer(server, assertion)).status, 200);

    await redis.command('FLUSHALL');
    const replayed = await bearer(server, assertion);
    const metrics = await (await fetch(`${server.managementUrl}/metrics`)).text();
    const fenced = await readiness(server);
    const again = await bearer(server, assertion);

    assert.equal(replayed.status, 503);
    assert.equal(again.status, 503);
    assert.deepEqual(fenced, { status: 503, reasons: ['store', 'fenced'] });
    assert.match(metrics, /^sts_store_fenced 1$/m);
  });

  test('Store forgets: a new start makes a new dataset, to which what is older than it stays closed', async (t) => {
    const redis = await aRedis(t);
    await redis.start();
    const server = await startOn(t, redis);
    const assertion = await server.partner.sign();
    assert.equal((await bearer(server, assertion)).status, 200);

    await redis.command('FLUSHALL');
    server.clock.advance(10);
    const restarted = await server.restart();

    assert.equal((await bearer(restarted, assertion)).status, 503);
    assert.equal((await bearer(restarted, await restarted.partner.sign())).status, 200);
  });

  for (const secondsAhead of [300, -300]) {
    test(`Clock: not ready while ours is ${secondsAhead} s from that of Redis`, async (t) => {
      const redis = await aRedis(t);
      await redis.start();
      const server = await startOn(t, redis, secondsAhead);

      // One that is ahead of us forgets marks too early, and is not used at all.
      const reasons = secondsAhead < 0 ? ['store', 'clock'] : ['clock'];
      assert.deepEqual(await readiness(server), { status: 503, reasons });
    });
  }

  for (const [code, settings] of [
    ['STORE_EVICTION_POLICY', { 'maxmemory-policy': 'allkeys-lru' }],
    ['STORE_PERSISTENCE', { appendonly: 'no' }],
  ] as const) {
    test(`${code}: serve and check --live refuse to start, and say why`, async (t) => {
      const redis = await aRedis(t, settings);
      const server = await startOn(t, redis);
      await server.stop();
      await redis.start();
      const file = join(server.directory, 'viaduct.yaml');

      for (const words of [['serve'], ['check', '--live']]) {
        const { code: exit, error } = await viaduct([...words, '--config', file], server.directory);

        assert.equal(exit, 1);
        assert.match(error, new RegExp(`${code}: `));
      }
    });
  }

  test('check --live fails while Redis is away, says why, and its JSON is nothing else', async (t) => {
    const redis = await aRedis(t);
    const server = await startOn(t, redis);
    await server.stop();

    const file = join(server.directory, 'viaduct.yaml');
    const check = ['check', '--live', '--config', file];
    const { code, error } = await viaduct(check, server.directory);
    const asJson = await viaduct([...check, '--json'], server.directory);

    assert.equal(code, 1);
    assert.match(error, /the Redis store is closed.*ECONNREFUSED/);
    assert.match(JSON.stringify(JSON.parse(asJson.out)), /"store","state":"failed".*ECONNREFUSED/);
  });
});
