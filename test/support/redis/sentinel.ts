// One master, two replicas and three Sentinels. Where a network is given, all of them are reached through it.

import { reservedPort } from '#test/support/server/reserved-port.ts';
import { eventually } from '../eventually.ts';
import type { Network, Place } from './network.ts';
import { createRedisServer, type RedisServer, type RedisSettings } from './redis-server.ts';
import { listOf, type Reply } from './resp-client.ts';

export const MASTER_NAME = 'viaduct';
const REPLICAS = 2;
const SENTINELS = 3;
const QUORUM = 2;

/** A server and how others reach it. */
export interface Member {
  readonly server: RedisServer;
  /** The port to connect to: the proxy where there is one. */
  readonly announcedPort: number;
  readonly place?: Place;
}

export interface SentinelGroup {
  readonly name: string;
  /** The first is the master at the start. */
  readonly members: readonly Member[];
  readonly sentinels: readonly Member[];
  /** The member that the majority of the Sentinels holds to be master.
   * @throws {Error} while they do not agree */
  master(): Promise<Member>;
  /** Returns when there is a master with two replicas and every Sentinel knows all of it. */
  settled(): Promise<void>;
  dispose(): Promise<void>;
}

export interface SentinelOptions {
  /** For the master and the replicas. */
  readonly settings?: RedisSettings;
  readonly network?: Network;
}

/** Creates a member whose settings name how it is announced. */
async function createMember(
  network: Network | undefined,
  settingsOf: (announcedPort: number, address: string) => RedisSettings,
  words: readonly string[] = [],
): Promise<Member> {
  const port = await reservedPort();
  const place = await network?.place(port);
  const announcedPort = place?.announcedPort ?? port;
  const settings = {
    ...settingsOf(announcedPort, '127.0.0.1'),
    ...(place && { 'bind-source-addr': place.address }),
  };
  const server = await createRedisServer({ port, settings, words });
  return { server, announcedPort, ...(place && { place }) };
}

const replicaSettings = (options: SentinelOptions) => (port: number, host: string) => ({
  'replica-announce-ip': host,
  'replica-announce-port': String(port),
  'repl-diskless-sync-delay': '0',
  'repl-timeout': '10',
  ...options.settings,
});

const sentinelSettings = (master: Member) => (port: number, host: string) => ({
  'sentinel announce-ip': host,
  'sentinel announce-port': String(port),
  'sentinel monitor': `${MASTER_NAME} 127.0.0.1 ${master.announcedPort} ${QUORUM}`,
  'sentinel down-after-milliseconds': `${MASTER_NAME} 2000`,
  'sentinel failover-timeout': `${MASTER_NAME} 6000`,
  'sentinel parallel-syncs': `${MASTER_NAME} 2`,
});

/** The fields of a reply that lists names and values in turn. */
function fieldsOf(reply: Reply): ReadonlyMap<string, string> {
  const words = listOf(reply).map(String);
  return new Map(
    words.flatMap((name, index) => (index % 2 ? [] : [[name, words[index + 1] ?? ''] as const])),
  );
}

async function knowsAll(sentinel: Member): Promise<boolean> {
  const fields = fieldsOf(await sentinel.server.command('SENTINEL', 'MASTER', MASTER_NAME));
  return (
    fields.get('flags') === 'master' &&
    fields.get('num-slaves') === String(REPLICAS) &&
    fields.get('num-other-sentinels') === String(SENTINELS - 1)
  );
}

async function masterPort(sentinel: Member): Promise<number> {
  const reply = await sentinel.server.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER_NAME);
  return Number(listOf(reply)[1] ?? 0);
}

async function agreedMaster(group: Pick<SentinelGroup, 'members' | 'sentinels'>): Promise<Member> {
  const answers = await Promise.allSettled(group.sentinels.map(masterPort));
  const ports = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  const master = group.members.find(
    ({ announcedPort }) => ports.filter((port) => port === announcedPort).length >= QUORUM,
  );
  if (!master) throw new Error(`the Sentinels do not agree: ${ports.join(', ')}`);
  return master;
}

async function isSettled(group: SentinelGroup): Promise<boolean> {
  const master = await group.master();
  const [name, , replicas] = listOf(await master.server.command('ROLE'));
  if (name !== 'master' || listOf(replicas).length !== REPLICAS) return false;
  return (await Promise.all(group.sentinels.map(knowsAll))).every(Boolean);
}

/** Starts the group, and returns when it is settled. */
export async function startSentinels(options: SentinelOptions = {}): Promise<SentinelGroup> {
  const create = replicaSettings(options);
  const master = await createMember(options.network, create);
  const follow = (port: number, host: string): RedisSettings => ({
    ...create(port, host),
    replicaof: `127.0.0.1 ${master.announcedPort}`,
  });
  const members = [master];
  for (let index = 0; index < REPLICAS; index += 1)
    members.push(await createMember(options.network, follow));
  const sentinels: Member[] = [];
  for (let index = 0; index < SENTINELS; index += 1)
    sentinels.push(await createMember(options.network, sentinelSettings(master), ['--sentinel']));
  const group: SentinelGroup = {
    name: MASTER_NAME,
    members,
    sentinels,
    master: () => agreedMaster(group),
    settled: () => eventually('the Sentinel group is settled', () => isSettled(group)),
    async dispose() {
      await Promise.all([...sentinels, ...members].map(({ server }) => server.dispose()));
    },
  };
  for (const { server } of [...members, ...sentinels]) await server.start();
  await group.settled();
  return group;
}
