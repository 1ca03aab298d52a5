// A server that has no room for more connections: those that could not be opened are given up, and do not come one after another
// when there is room again.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { aKey, LONG } from '#test/store/conformance/under-test.ts';
import {
  aSetting,
  DRIVERS,
  FIT_REPLICATED,
  openUnderTest,
} from '#test/store/redis/redis-under-test.ts';
import { eventually } from '#test/support/eventually.ts';
import { redisMissing, startRedis } from '#test/support/redis/redis-server.ts';

const WAIT_CONNECTIONS = 4;
/** Each tries to connect again after a second at the latest. */
const BEATS = 4;

describe('Redis, a server that is crowded', { skip: redisMissing() }, () => {
  for (const driver of DRIVERS)
    it(`no more connections are left than are wanted (${driver})`, async (t) => {
      const server = await startRedis(FIT_REPLICATED);
      t.after(() => server.dispose());
      const replica = await startRedis({
        ...FIT_REPLICATED,
        replicaof: `127.0.0.1 ${server.port}`,
      });
      t.after(() => replica.dispose());
      const admin = new Redis(server.port);
      t.after(() => admin.disconnect());
      const beats = async () =>
        Number(/cmdstat_time:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0);
      await eventually('the replica follows', async () =>
        (await admin.info('replication')).includes('state=online'),
      );

      // The replica, this one, and one of the store.
      await admin.config('SET', 'maxclients', '3');
      const { store } = await openUnderTest(
        aSetting([server.port], { driver, minReplicas: 1, waitConnections: WAIT_CONNECTIONS }),
      );
      t.after(() => store.close());
      let writes = 0;
      await eventually('it was tried', async () => {
        await Promise.race([
          Promise.allSettled([1, 2, 3].map(() => store.putOnce(aKey('once'), 'a', LONG))),
          admin.ping(),
        ]);
        writes += 1;
        return writes > 50;
      });
      await admin.config('SET', 'maxclients', '1000');
      await eventually('the store serves', async () => {
        return (await store.putOnce(aKey('once'), 'a', LONG)).stored;
      });
      const before = await beats();
      await eventually('all have come back', async () => (await beats()) > before + BEATS);

      const clients = String(await admin.client('LIST', 'TYPE', 'NORMAL'))
        .trim()
        .split('\n');
      assert.ok(clients.length <= WAIT_CONNECTIONS + 2, `${clients.length} connections`);
    });
});
