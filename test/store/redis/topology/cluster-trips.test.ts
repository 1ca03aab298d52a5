// On a cluster a value and the tombstones of its line lie on several servers. They are asked at once: one round trip.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { StoreKey } from '#core/ports.ts';
import { createPlaces } from '#src/store/redis/redis-key.ts';
import { aKey, LONG } from '#test/store/conformance/under-test.ts';
import {
  aSetting,
  DRIVERS,
  FIT_REPLICATED,
  openUnderTest,
} from '#test/store/redis/redis-under-test.ts';
import { eventually } from '#test/support/eventually.ts';
import { type RedisCluster, startCluster } from '#test/support/redis/cluster.ts';
import { type RedisServer, redisMissing } from '#test/support/redis/redis-server.ts';

const place = createPlaces('sts.example');

/** How often a server was asked for values. */
async function asked(server: RedisServer): Promise<number> {
  const text = String(await server.command('INFO', 'commandstats'));
  return Number(/cmdstat_mget:calls=(\d+)/.exec(text)?.[1] ?? 0);
}

describe('Round trips: Redis cluster', { skip: redisMissing() }, () => {
  let cluster: RedisCluster;
  before(async () => {
    cluster = await startCluster(FIT_REPLICATED);
  });
  after(() => cluster.dispose());

  /** A tombstone that lies elsewhere than the entry. */
  async function elsewhere(server: RedisServer): Promise<{ key: StoreKey; other: RedisServer }> {
    for (;;) {
      const key = aKey('revoked');
      const other = await cluster.masterOf(place('isRevoked', key).key);
      if (other !== server) return { key, other };
    }
  }

  for (const driver of DRIVERS)
    it(`${driver}: a tombstone is asked for before the server of the entry has answered`, async (t) => {
      const ports = cluster.nodes.map(({ port }) => port);
      const topology = { mode: 'cluster' } as const;
      const { store } = await openUnderTest(aSetting(ports, { driver, topology, minReplicas: 1 }));
      t.after(() => store.close());
      await eventually('the store is open', async () => (await store.health()).datasetId !== '');
      const entry = { key: aKey('ledger'), value: 'an entry', lifetimeSeconds: LONG };
      const server = await cluster.masterOf(place('setUnlessRevoked', entry.key).key);
      const { key, other } = await elsewhere(server);
      // So that connections are open and the script is known.
      assert.equal(await store.setUnlessRevoked(entry, [key]), true);
      const before = await asked(other);

      server.freeze();
      t.after(() => server.resume());
      const answer = store.setUnlessRevoked(entry, [key]);
      await eventually('the other server was asked', async () => (await asked(other)) > before);
      server.resume();

      assert.equal(await answer, true);
    });
});
