// The Redis store over one server passes the conformance suite with either driver, two stores on one dataset.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { aKey, LONG } from '#test/store/conformance/under-test.ts';
import { storeConformance } from '#test/store/conformance.ts';
import {
  aSetting,
  DRIVERS,
  FIT,
  openUnderTest,
  storesUnderTest,
} from '#test/store/redis/redis-under-test.ts';
import { type RedisServer, redisMissing, startRedis } from '#test/support/redis/redis-server.ts';

describe('Redis, one server', { skip: redisMissing() }, () => {
  let server: RedisServer;
  before(async () => {
    server = await startRedis(FIT);
  });
  after(() => server.dispose());

  for (const driver of DRIVERS)
    storeConformance(`redis, ${driver}`, () =>
      storesUnderTest(aSetting([server.port], { driver }), async () => [server]),
    );

  for (const driver of DRIVERS)
    it(`redis, ${driver}: keeps to its database`, async (t) => {
      const database = 1 + DRIVERS.indexOf(driver);
      const { store } = await openUnderTest(aSetting([server.port], { driver, database }));
      t.after(() => store.close());

      await store.putOnce(aKey('once'), 'mine', LONG);

      const keyspace = String(await server.command('INFO', 'keyspace'));
      assert.match(keyspace, new RegExp(`^db${database}:keys=257,`, 'm'));
    });
});
