// A cluster of three masters with a replica each. Made by the commands themselves, so that no further program is needed.

import { reservedPort } from '#test/support/server/reserved-port.ts';
import { eventually } from '../eventually.ts';
import { createRedisServer, type RedisServer, type RedisSettings } from './redis-server.ts';
import { listOf } from './resp-client.ts';

const MASTERS = 3;
const NODES = 2 * MASTERS;
const SLOTS = 16_384;

export interface RedisCluster {
  /** Three masters, then their replicas in the same order: node `i + 3` is the replica of node `i` at the start. */
  readonly nodes: readonly RedisServer[];
  /** The node that serves a key now, as the others see it. */
  masterOf(key: string): Promise<RedisServer>;
  /** The nodes that are masters now. */
  masters(): Promise<readonly RedisServer[]>;
  /** Returns when every running node says that all slots are served and every master has a replica in step. */
  settled(): Promise<void>;
  dispose(): Promise<void>;
}

async function createNode(settings: RedisSettings): Promise<RedisServer> {
  const busPort = await reservedPort();
  return createRedisServer({
    settings: {
      'cluster-enabled': 'yes',
      'cluster-config-file': 'nodes.conf',
      'cluster-node-timeout': '2000',
      'cluster-port': String(busPort),
      'repl-diskless-sync-delay': '0',
      ...settings,
    },
  });
}

const busPortOf = async (node: RedisServer): Promise<string> => {
  const [, port] = listOf(await node.command('CONFIG', 'GET', 'cluster-port'));
  return String(port);
};

async function meet(nodes: readonly RedisServer[]): Promise<void> {
  const [first, ...others] = nodes;
  if (!first) throw new Error('a cluster has nodes');
  for (const other of others)
    await first.command('CLUSTER', 'MEET', '127.0.0.1', `${other.port}`, await busPortOf(other));
  await eventually('all nodes know one another', async () => {
    const texts = await Promise.all(nodes.map((node) => node.command('CLUSTER', 'INFO')));
    return texts.every((text) => String(text).includes(`cluster_known_nodes:${nodes.length}`));
  });
}

async function assign(nodes: readonly RedisServer[]): Promise<void> {
  for (const [index, node] of nodes.slice(0, MASTERS).entries()) {
    const [from, beyond] = [index, index + 1].map((n) => Math.floor((n * SLOTS) / MASTERS));
    await node.command('CLUSTER', 'ADDSLOTSRANGE', String(from), String((beyond ?? 0) - 1));
    const id = String(await node.command('CLUSTER', 'MYID'));
    for (const replica of nodes.filter((_, other) => other >= MASTERS && other % MASTERS === index))
      await eventually('a replica follows its master', async () => {
        return (await replica.command('CLUSTER', 'REPLICATE', id)) === 'OK';
      });
  }
}

async function isSettled(nodes: readonly RedisServer[]): Promise<boolean> {
  const roles = await Promise.all(nodes.map((node) => node.command('ROLE')));
  const masters = roles.map(listOf).filter(([name]) => name === 'master');
  const withReplicas = masters.filter(([, , replicas]) => listOf(replicas).length > 0);
  const infos = await Promise.all(nodes.map((node) => node.command('CLUSTER', 'INFO')));
  return (
    masters.length === MASTERS &&
    withReplicas.length === MASTERS &&
    infos.every((text) => /cluster_state:ok[^]*cluster_slots_ok:16384/.test(String(text)))
  );
}

async function findMasters(nodes: readonly RedisServer[]): Promise<readonly RedisServer[]> {
  const roles = await Promise.all(nodes.map((node) => node.command('ROLE')));
  return nodes.filter((_, index) => listOf(roles[index])[0] === 'master');
}

async function servingPort(node: RedisServer, key: string): Promise<number> {
  const slot = Number(await node.command('CLUSTER', 'KEYSLOT', key));
  for (const range of listOf(await node.command('CLUSTER', 'SLOTS'))) {
    const [from, to, master] = listOf(range);
    if (Number(from) <= slot && slot <= Number(to)) return Number(listOf(master)[1]);
  }
  throw new Error(`nobody serves slot ${slot}`);
}

/** The node that a majority of those that answer sends the key to. */
async function findMaster(nodes: readonly RedisServer[], key: string): Promise<RedisServer> {
  const answers = await Promise.allSettled(nodes.map((node) => servingPort(node, key)));
  const ports = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  const found = nodes.find(
    ({ port }) => ports.filter((other) => other === port).length > ports.length / 2,
  );
  if (!found) throw new Error('the nodes do not agree');
  return found;
}

/** Starts the cluster, and returns when it is settled. With a spare the first master has a second replica, the last node. */
export async function startCluster(
  settings: RedisSettings = {},
  { hasSpare = false }: { readonly hasSpare?: boolean } = {},
): Promise<RedisCluster> {
  const nodes: RedisServer[] = [];
  const count = NODES + (hasSpare ? 1 : 0);
  for (let index = 0; index < count; index += 1) nodes.push(await createNode(settings));
  for (const node of nodes) await node.start();
  await meet(nodes);
  await assign(nodes);
  const cluster: RedisCluster = {
    nodes,
    masters: () => findMasters(nodes),
    masterOf: (key) => findMaster(nodes, key),
    settled: () => eventually('the cluster is settled', () => isSettled(nodes)),
    async dispose() {
      await Promise.all(nodes.map((node) => node.dispose()));
    },
  };
  await cluster.settled();
  return cluster;
}
