// The Redis store over one server passes the conformance suite with either driver, two stores on one dataset.
import { after, before, describe } from 'node:test';
import { type RedisServer, redisMissing, startRedis } from '#test/support/redis/redis-server.ts';
import { storeConformance } from '../conformance.ts';
import { aSetting, DRIVERS, FIT, storesUnderTest } from './redis-under-test.ts';

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
