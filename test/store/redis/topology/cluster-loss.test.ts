// A cluster that lost a shard for good: what lies there is refused, everything else is served.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { aKey, isUnavailable, LONG } from '#test/store/conformance/under-test.ts';
import { aSetting, DRIVERS, FIT, openUnderTest } from '#test/store/redis/redis-under-test.ts';
import { eventually } from '#test/support/eventually.ts';
import { type RedisCluster, startCluster } from '#test/support/redis/cluster.ts';
import { redisMissing } from '#test/support/redis/redis-server.ts';

describe('Redis cluster without a shard', { skip: redisMissing() }, () => {
  let cluster: RedisCluster;
  before(async () => {
    cluster = await startCluster({ ...FIT, 'cluster-require-full-coverage': 'no' });
  });
  after(() => cluster.dispose());

  it('serves the slots of the other shards, with either driver', async (t) => {
    const ports = cluster.nodes.map(({ port }) => port);
    const stores = await Promise.all(
      DRIVERS.map(async (driver) => {
        const { store } = await openUnderTest(
          aSetting(ports, { driver, topology: { mode: 'cluster' } }),
        );
        t.after(() => store.close());
        await eventually('it is open', async () => (await store.health()).datasetId !== '');
        return store;
      }),
    );

    await Promise.all([cluster.nodes[0]?.kill(), cluster.nodes[3]?.kill()]);

    for (const store of stores) {
      // In a row: the store looks at its servers again and again meanwhile, and must not close for the one that is away.
      let rounds = 0;
      await eventually('two thirds are served, and stay so', async () => {
        const writes = Array.from({ length: 60 }, () => store.putOnce(aKey('once'), 'a', LONG));
        const outcomes = await Promise.allSettled(writes);
        const refused = outcomes.filter(({ status }) => status === 'rejected');
        for (const outcome of refused)
          assert.ok(outcome.status === 'rejected' && isUnavailable(outcome.reason));
        await store.health();
        rounds = refused.length > 0 && refused.length < 40 ? rounds + 1 : 0;
        return rounds === 30;
      });
    }
  });
});
