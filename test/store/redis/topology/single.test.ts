// The Redis store over one server passes the conformance suite with either driver, two stores on one dataset.
import { after, before, describe } from 'node:test';
import { storeConformance } from '#test/store/conformance.ts';
import { aSetting, DRIVERS, FIT, storesUnderTest } from '#test/store/redis/redis-under-test.ts';
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
});
