// The topologies that faults are let loose on. An arena has the store as data, the handles for faults, and a way to see what
// the master holds without any code of the store.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { slotOf } from '#src/store/redis/drivers/hash-slot.ts';
import { createPlaces } from '#src/store/redis/redis-key.ts';
import type { RedisSettings } from '#src/store/redis/settings.ts';
import { storeKeyText } from '#src/store/store-key.ts';
import { type RedisCluster, startCluster } from '#test/support/redis/cluster.ts';
import { createNetwork, type Network } from '#test/support/redis/network.ts';
import {
  type RedisServer,
  type RedisSettings as ServerSettings,
  startRedis,
} from '#test/support/redis/redis-server.ts';
import { listOf } from '#test/support/redis/resp-client.ts';
import { MASTER_NAME, type SentinelGroup, startSentinels } from '#test/support/redis/sentinel.ts';
import { startTcpProxy, type TcpProxy } from '#test/support/redis/tcp-proxy.ts';
import { aSetting, FIT } from '../redis/redis-under-test.ts';
import { keyOf } from './load/lanes.ts';
import type { StoreSpec } from './store-spec.ts';

export type Driver = RedisSettings['driver'];

export interface Arena {
  readonly spec: StoreSpec;
  /** Whether the masters hold the mark of a one-time id, as of now. */
  held(): Promise<(id: string) => boolean>;
  /** Returns when every server is back in its place. */
  settled(): Promise<void>;
  dispose(): Promise<void>;
}

export interface SqliteArena extends Arena {
  readonly path: string;
}

export interface SingleArena extends Arena {
  readonly server: RedisServer;
  /** Between the store and the server. */
  readonly proxy: TcpProxy;
}

export interface SentinelArena extends Arena {
  readonly group: SentinelGroup;
  readonly network: Network;
}

export interface ClusterArena extends Arena {
  readonly cluster: RedisCluster;
  /** The slot of a one-time id. */
  slotFor(id: string): number;
}

const DEADLINE_MILLISECONDS = 800;
/** As a server has it that is told nothing else: how long a call may take is measured here. */
const IN_TIME = { deadlineMilliseconds: DEADLINE_MILLISECONDS, waitMilliseconds: 300 } as const;

/** All keys of these servers. */
async function keysOf(servers: readonly RedisServer[]): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  for (const server of servers) {
    let cursor = '0';
    do {
      const [next, page] = listOf(await server.command('SCAN', cursor, 'COUNT', '5000'));
      for (const key of listOf(page)) keys.add(String(key));
      cursor = String(next);
    } while (cursor !== '0');
  }
  return keys;
}

/** Whether servers hold an id, by the key under which the store keeps it. */
async function heldBy(
  servers: readonly RedisServer[],
  { tenant }: RedisSettings,
): Promise<(id: string) => boolean> {
  const keys = await keysOf(servers);
  const placeOf = createPlaces(tenant);
  return (id) => keys.has(placeOf('putOnce', keyOf('once', id)).key);
}

export async function sqliteArena(): Promise<SqliteArena> {
  const directory = mkdtempSync(join(tmpdir(), 'viaduct-faults-'));
  const path = join(directory, 'viaduct.db');
  return {
    path,
    spec: { kind: 'sqlite', path, deadlineMilliseconds: DEADLINE_MILLISECONDS },
    async held() {
      const database = new DatabaseSync(path, { readOnly: true });
      const rows = database.prepare('SELECT key FROM once').all();
      database.close();
      const keys = new Set(rows.map(({ key }) => key));
      return (id) => keys.has(storeKeyText(keyOf('once', id)));
    },
    settled: async () => {},
    dispose: async () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** One server. Its own settings are added to those that the store asks for. */
export async function singleArena(
  driver: Driver,
  server: ServerSettings = {},
): Promise<SingleArena> {
  const redis = await startRedis({ ...FIT, ...server });
  const proxy = await startTcpProxy(redis.port);
  const settings = aSetting([proxy.port], { driver, ...IN_TIME });
  return {
    server: redis,
    proxy,
    spec: { kind: 'redis', settings },
    held: () => heldBy([redis], settings),
    settled: async () => {},
    async dispose() {
      await redis.dispose();
      await proxy.close();
    },
  };
}

/** What the store asks of servers that are replicated. */
const REPLICATED: ServerSettings = {
  ...FIT,
  'min-replicas-to-write': '1',
  'min-replicas-max-lag': '2',
};

export async function sentinelArena(driver: Driver): Promise<SentinelArena> {
  const network = createNetwork();
  const group = await startSentinels({ network, settings: REPLICATED });
  const ports = group.sentinels.map(({ announcedPort }) => announcedPort);
  const settings = aSetting(ports, {
    driver,
    topology: { mode: 'sentinel', masterName: MASTER_NAME },
    minReplicas: 1,
    ...IN_TIME,
  });
  return {
    group,
    network,
    spec: { kind: 'redis', settings },
    held: async () => heldBy([(await group.master()).server], settings),
    settled: () => group.settled(),
    async dispose() {
      await group.dispose();
      await network.close();
    },
  };
}

export async function clusterArena(driver: Driver): Promise<ClusterArena> {
  // A shard that is away closes its own slots, and not those of others.
  const servers = { ...REPLICATED, 'cluster-require-full-coverage': 'no' };
  const cluster = await startCluster(servers, { hasSpare: true });
  const settings = aSetting(
    cluster.nodes.map(({ port }) => port),
    { driver, topology: { mode: 'cluster' }, minReplicas: 1, ...IN_TIME },
  );
  const placeOf = createPlaces(settings.tenant);
  return {
    cluster,
    slotFor: (id) => slotOf(placeOf('putOnce', keyOf('once', id)).key),
    spec: { kind: 'redis', settings },
    held: async () => heldBy(await cluster.masters(), settings),
    settled: () => cluster.settled(),
    dispose: () => cluster.dispose(),
  };
}
