// The access list that is shipped: it has every command the store needs, and not one that could undo a mark.
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { type RedisServer, redisMissing, startRedis } from '#test/support/redis/redis-server.ts';
import { aKey, LONG } from '../conformance/under-test.ts';
import { aSetting, DRIVERS, FIT, openUnderTest } from './redis-under-test.ts';

const PASSWORD = randomUUID();
const TENANT = 'sts.example.org';

function usersOf(text: string): readonly string[] {
  const digest = createHash('sha256').update(PASSWORD).digest('hex');
  return text
    .split('\n')
    .filter((line) => line.startsWith('user viaduct '))
    .map((line) => line.slice('user '.length).replace(/#\w+/, `#${digest}`));
}

describe('Redis, access list', { skip: redisMissing() }, () => {
  let server: RedisServer;
  before(async () => {
    const text = readFileSync(
      new URL('../../../config/redis.acl.example', import.meta.url),
      'utf8',
    );
    // The default user stays, for what the test itself asks.
    server = await startRedis({ ...FIT, user: usersOf(text) });
  });
  after(() => server.dispose());

  for (const driver of DRIVERS)
    it(`lets the store do all it does, with ${driver}`, async (t) => {
      const credentials = { username: 'viaduct', password: PASSWORD };
      const settings = aSetting([server.port], { driver, credentials, tenant: TENANT });
      const { store } = await openUnderTest(settings);
      t.after(() => store.close());
      const grant = aKey('grant');

      await store.health();
      assert.deepEqual(await store.putOnce(aKey('once'), 'a', LONG), { stored: true });
      await store.set(grant, 'code', LONG);
      assert.equal(await store.get(grant), 'code');
      await store.revoke([aKey('revoked')], LONG);
      assert.equal(await store.isRevoked([aKey('revoked')]), false);
      assert.equal(await store.rotate(aKey('rotation'), { from: '', to: 'one' }, LONG), 'rotated');
      assert.equal(await store.increment(aKey('counter'), 1, LONG), 1);
      await store.fillBuckets([{ key: aKey('bucket'), milliseconds: 1, mostMilliseconds: 9 }]);
    });

  it('lets nobody with it flush, list, configure, or reach the keys of another tenant', async (t) => {
    const client = new Redis({ port: server.port, username: 'viaduct', password: PASSWORD });
    t.after(() => client.disconnect());

    for (const [name, ...rest] of [
      ['FLUSHALL'],
      ['FLUSHDB'],
      ['KEYS', '*'],
      ['SCAN', '0'],
      ['CONFIG', 'GET', '*'],
      ['SHUTDOWN'],
      ['REPLICAOF', 'NO', 'ONE'],
      ['GET', 'sts:other.example:once:{00}:x'],
      ['EVAL', "return redis.call('DEL', KEYS[1])", '1', 'sts:other.example:once:{00}:x'],
    ] as const)
      await assert.rejects(client.call(name, ...rest), /NOPERM/, name);
  });
});
