// Two servers on Redis: on one server, behind Sentinels, on a cluster. One of the two speaks by node-redis and the other by
// ioredis, so both drivers are held to the same marks; `npm run test:races` also lets each driver race with itself.
import { after, before, describe } from 'node:test';
import { type RedisCluster, startCluster } from '#test/support/redis/cluster.ts';
import { type RedisServer, redisMissing, startRedis } from '#test/support/redis/redis-server.ts';
import { type SentinelGroup, startSentinels } from '#test/support/redis/sentinel.ts';
import { DRIVERS, FIT, FIT_REPLICATED } from '../store/redis/redis-under-test.ts';
import { ROUNDS } from './race-world.ts';
import { storeRaces } from './races.ts';

type Pair = readonly [string, string];

const [nodeRedis, ioredis] = DRIVERS;
const MIXED: readonly Pair[] = [[nodeRedis, ioredis]];
const ALL: readonly Pair[] = [...MIXED, [nodeRedis, nodeRedis], [ioredis, ioredis]];
const PAIRS = ROUNDS > 1 ? ALL : MIXED;

/** Who wins is asked, not how long it takes: a busy machine must not refuse what is in time elsewhere. */
const PATIENCE = { waitMilliseconds: 5000, deadlineMilliseconds: 10_000 };

const addresses = (ports: readonly number[]) => ports.map((port) => `127.0.0.1:${port}`);

/** Races over a store that is there by the time they start. */
function races(name: string, section: () => object): void {
  for (const [left, right] of PAIRS)
    storeRaces(`${name} (${left}, ${right})`, () => [
      { redis: { ...section(), ...PATIENCE, driver: left } },
      { redis: { ...section(), ...PATIENCE, driver: right } },
    ]);
}

describe('Races on Redis', { skip: redisMissing() }, () => {
  let single: RedisServer;
  let group: SentinelGroup;
  let cluster: RedisCluster;
  before(async () => {
    // Mostly waiting for one another: together they take as long as the slowest.
    [single, group, cluster] = await Promise.all([
      startRedis(FIT),
      startSentinels({ settings: FIT_REPLICATED }),
      startCluster(FIT_REPLICATED),
    ]);
  });
  after(() => Promise.all([single, group, cluster].map((each) => each.dispose())));

  races('one Redis server', () => ({ mode: 'single', nodes: addresses([single.port]) }));
  races('Redis behind Sentinels', () => ({
    mode: 'sentinel',
    masterName: group.name,
    nodes: addresses(group.sentinels.map(({ announcedPort }) => announcedPort)),
  }));
  races('a Redis cluster', () => ({
    mode: 'cluster',
    nodes: addresses(cluster.nodes.map(({ port }) => port)),
  }));
});
