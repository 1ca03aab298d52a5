// node-redis over a cluster: keys are spread over masters, and the driver follows them when they move.
import { createCluster } from 'redis';
import { slotOf } from './hash-slot.ts';
import { connectionOf, connectSoon, NO_TIMEOUT, sendBoth } from './node-redis-options.ts';
import {
  type DriverEvents,
  type RedisDriver,
  type Reply,
  WaitPool,
  type Words,
} from './redis-driver.ts';
import { replyCode } from './reply-meaning.ts';
import type { RedisSettings } from './settings.ts';

/** A master that does not come back is looked for elsewhere after this. */
const REFRESH_AFTER_MILLISECONDS = 500;
const MAX_REDIRECTIONS = 3;

function openMembers(settings: RedisSettings, events: DriverEvents) {
  const { socket, ...connection } = connectionOf({ ...settings, database: 0 });
  const cluster = createCluster({
    rootNodes: settings.nodes.map(({ host, port }) => ({
      ...connection,
      socket: { ...socket, host, port },
    })),
    defaults: { ...connection, socket },
    RESP: 2,
    maxCommandRedirections: MAX_REDIRECTIONS,
    topologyRefreshOnReconnectionAttemptStrategy: REFRESH_AFTER_MILLISECONDS,
    commandOptions: NO_TIMEOUT,
  });
  cluster.on('error', events.onError);
  cluster.on('node-error', events.onError);
  return cluster;
}

type Cluster = ReturnType<typeof openMembers>;

async function masterFor(cluster: Cluster, key: string) {
  const master = cluster.slots[slotOf(key)]?.master;
  if (!master) throw new Error('nobody serves this key');
  return cluster.nodeClient(master);
}

/** A slot that moved away was not written to: the way to it is learnt by a read, and then both are sent again. */
async function sendBothFollowing(
  cluster: Cluster,
  key: string,
  commands: readonly [Words, Words],
): Promise<readonly [Reply, Reply]> {
  const attempt = async () => {
    const master = await masterFor(cluster, key);
    return sendBoth((words) => master.sendCommand([...words]), commands);
  };
  try {
    return await attempt();
  } catch (cause) {
    if (replyCode(cause) !== 'MOVED') throw cause;
    await cluster.sendCommand(key, false, ['GET', key]);
    return attempt();
  }
}

async function sendToAll(cluster: Cluster, words: Words): Promise<readonly Reply[]> {
  const answers = await Promise.allSettled(
    cluster.masters.map(async (master) =>
      (await cluster.nodeClient(master)).sendCommand([...words]),
    ),
  );
  const replies = answers.flatMap((answer) =>
    answer.status === 'fulfilled' ? [answer.value as unknown as Reply] : [],
  );
  if (replies.length === 0) throw new Error('no master answers');
  return replies;
}

/** Opens the connections to all masters. */
export function openNodeRedisCluster(settings: RedisSettings, events: DriverEvents): RedisDriver {
  const cluster = openMembers(settings, events);
  for (const event of ['node-reconnecting', 'node-disconnect', 'node-ready'])
    cluster.on(event, events.onDoubt);
  const all = [cluster];
  let isClosed = false;
  const connect = async (member: Cluster): Promise<Cluster> => {
    // What connects while the store closes, also by a look at the topology, would stay open and be nobody's.
    const destroyLate = (): void => {
      if (isClosed) member.destroy();
    };
    for (const event of ['node-connect', 'node-ready', 'node-reconnecting'])
      member.on(event, destroyLate);
    await member.connect();
    destroyLate();
    return member;
  };
  const pool = new WaitPool(settings.waitConnections, async () => {
    const another = openMembers(settings, events);
    all.push(another);
    return connect(another);
  });
  const giveUp = connectSoon(async () => {
    await connect(cluster);
    events.onDoubt();
    if (settings.minReplicas > 0) pool.fill().catch(events.onError);
  }, events);
  return {
    send: async (key, words) => (await cluster.sendCommand(key, false, [...words])) as Reply,
    sendConfirmed: (key, commands, call) =>
      pool.use(call, (member) => sendBothFollowing(member, key, commands)),
    sendToMasters: (words) => sendToAll(cluster, words),
    // It follows MOVED by itself, and looks for a master that does not come back.
    rediscover: () => {},
    async close() {
      isClosed = true;
      pool.close();
      giveUp();
      for (const each of all) each.destroy();
    },
  };
}
