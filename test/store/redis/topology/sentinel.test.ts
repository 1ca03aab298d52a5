// The Redis store behind Sentinels passes the conformance suite with either driver: marks wait for a replica.
import { after, before, describe } from 'node:test';
import { storeConformance } from '#test/store/conformance.ts';
import {
  aSetting,
  DRIVERS,
  FIT_REPLICATED,
  storesUnderTest,
} from '#test/store/redis/redis-under-test.ts';
import { redisMissing } from '#test/support/redis/redis-server.ts';
import { type SentinelGroup, startSentinels } from '#test/support/redis/sentinel.ts';
import { forgottenScripts, unconfirmedWrites } from './replicas.ts';
import { silentOpening } from './silent-opening.ts';

describe('Redis behind Sentinels', { skip: redisMissing() }, () => {
  let group: SentinelGroup;
  before(async () => {
    group = await startSentinels({ settings: FIT_REPLICATED });
  });
  after(() => group.dispose());

  const settingsFor = (driver: (typeof DRIVERS)[number]) =>
    aSetting(
      group.sentinels.map(({ announcedPort }) => announcedPort),
      { driver, topology: { mode: 'sentinel', masterName: group.name }, minReplicas: 1 },
    );

  for (const driver of DRIVERS)
    silentOpening(`redis with Sentinels, ${driver}`, () => settingsFor(driver));

  for (const driver of DRIVERS)
    storeConformance(`redis with Sentinels, ${driver}`, () =>
      storesUnderTest(settingsFor(driver), async () => [(await group.master()).server]),
    );

  for (const driver of DRIVERS)
    forgottenScripts(`redis with Sentinels, ${driver}`, () => ({
      settings: settingsFor(driver),
      masters: async () => [(await group.master()).server],
    }));

  for (const driver of DRIVERS)
    unconfirmedWrites(`redis with Sentinels, ${driver}`, () => ({
      settings: settingsFor(driver),
      replicas: group.members.slice(1).map(({ server }) => server),
    }));
});
