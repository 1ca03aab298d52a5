// The Redis store over a cluster passes the conformance suite with either driver: marks wait for a replica.
import { after, before, describe } from 'node:test';
import { storeConformance } from '#test/store/conformance.ts';
import {
  aSetting,
  DRIVERS,
  FIT_REPLICATED,
  storesUnderTest,
} from '#test/store/redis/redis-under-test.ts';
import { type RedisCluster, startCluster } from '#test/support/redis/cluster.ts';
import { redisMissing } from '#test/support/redis/redis-server.ts';
import { forgottenScripts, unconfirmedWrites } from './replicas.ts';
import { silentOpening } from './silent-opening.ts';

describe('Redis cluster', { skip: redisMissing() }, () => {
  let cluster: RedisCluster;
  before(async () => {
    cluster = await startCluster(FIT_REPLICATED);
  });
  after(() => cluster.dispose());

  const settingsFor = (driver: (typeof DRIVERS)[number]) =>
    aSetting(
      cluster.nodes.map(({ port }) => port),
      { driver, topology: { mode: 'cluster' }, minReplicas: 1 },
    );

  for (const driver of DRIVERS)
    silentOpening(`redis cluster, ${driver}`, () => settingsFor(driver));

  for (const driver of DRIVERS)
    storeConformance(`redis cluster, ${driver}`, () =>
      storesUnderTest(settingsFor(driver), async () => cluster.nodes.slice(0, 3)),
    );

  for (const driver of DRIVERS)
    forgottenScripts(`redis cluster, ${driver}`, () => ({
      settings: settingsFor(driver),
      masters: () => cluster.masters(),
    }));

  for (const driver of DRIVERS)
    unconfirmedWrites(`redis cluster, ${driver}`, () => ({
      settings: settingsFor(driver),
      replicas: cluster.nodes.slice(3),
    }));
});
