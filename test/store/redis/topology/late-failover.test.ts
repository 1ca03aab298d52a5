// A failover of which the Sentinels' word comes late, when the drivers look for the new master already: the store must find it all the
// same, and not stay away until the next start.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aKey, LONG } from '#test/store/conformance/under-test.ts';
import {
  aSetting,
  DRIVERS,
  FIT_REPLICATED,
  openUnderTest,
} from '#test/store/redis/redis-under-test.ts';
import { eventually } from '#test/support/eventually.ts';
import { createNetwork } from '#test/support/redis/network.ts';
import { redisMissing } from '#test/support/redis/redis-server.ts';
import { startSentinels } from '#test/support/redis/sentinel.ts';

describe('Redis behind Sentinels, a failover that is told late', { skip: redisMissing() }, () => {
  for (const driver of DRIVERS)
    it(`Row 3: the store is back once the network is, ${driver}`, async (t) => {
      const network = createNetwork();
      const group = await startSentinels({ network, settings: FIT_REPLICATED });
      t.after(async () => {
        await group.dispose();
        await network.close();
      });
      const ports = group.sentinels.map(({ announcedPort }) => announcedPort);
      const topology = { mode: 'sentinel', masterName: group.name } as const;
      const times = { deadlineMilliseconds: 800, waitMilliseconds: 300 };
      const { store } = await openUnderTest(
        aSetting(ports, { driver, topology, minReplicas: 1, ...times }),
      );
      t.after(() => store.close());
      const isServed = async () => (await store.putOnce(aKey('once'), 'a', LONG)).stored;
      await eventually('the store serves', isServed);
      const key = aKey('once');
      await eventually('a mark', async () => Boolean(await store.putOnce(key, 'first', LONG)));
      const old = await group.master();
      assert.ok(old.place);

      // What is said is held back, the Sentinels' word of the new master too.
      network.part('stall', [old.place], { clients: 'side' });
      await old.server.kill();
      await eventually('another master', async () => (await group.master()) !== old);
      network.heal();

      await eventually('the store serves again', isServed);
      const replay = await store.putOnce(key, 'second', LONG);
      assert.deepEqual(replay, { stored: false, attempt: 'first' });
    });
});
