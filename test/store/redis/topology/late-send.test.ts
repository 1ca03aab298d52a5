// What cannot be sent at once is not kept by a driver, to be sent when nobody wants it any more.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openIoredisDriver } from '#src/store/redis/drivers/ioredis-driver.ts';
import { openNodeRedisDriver } from '#src/store/redis/drivers/node-redis-driver.ts';
import { aSetting } from '#test/store/redis/redis-under-test.ts';
import { reservedPort } from '#test/support/server/reserved-port.ts';

const EVENTS = { onDoubt: () => undefined, onError: () => undefined };
const TOPOLOGIES = [
  { mode: 'single' },
  { mode: 'sentinel', masterName: 'viaduct' },
  { mode: 'cluster' },
] as const;

for (const [name, open] of Object.entries({ openIoredisDriver, openNodeRedisDriver }))
  for (const topology of TOPOLOGIES)
    test(`Row 13: nothing waits to be sent late (${name}, ${topology.mode})`, async (t) => {
      const driver = open(aSetting([await reservedPort()], { topology }), EVENTS);
      t.after(() => driver.close());

      await assert.rejects(async () => driver.send('master', ['SET', 'key', 'late']));
    });
