// The Redis store over one server passes the conformance suite, with two stores on it.
import { after, before, describe } from 'node:test';
import { type RedisServer, redisMissing, startRedis } from '#test/support/redis/redis-server.ts';
import { storeConformance } from '../conformance.ts';
import { aSetting, FIT, storesUnderTest } from './redis-under-test.ts';

describe('Redis, one server', { skip: redisMissing() }, () => {
  let server: RedisServer;
  before(async () => {
    server = await startRedis(FIT);
  });
  after(() => server.dispose());

  storeConformance('redis', () => storesUnderTest(aSetting([server.port]), async () => [server]));
});
