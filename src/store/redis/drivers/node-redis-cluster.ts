// node-redis over a cluster. The driver knows who serves which slot; where a command goes is said by name, so that it goes to
// nobody else by a redirection.
import { createCluster } from 'redis';
import type { RedisSettings } from '../settings.ts';
import { slotOf } from './hash-slot.ts';
import {
  connectionOf,
  connectSoon,
  NO_TIMEOUT,
  openClient,
  sendBoth,
} from './node-redis-options.ts';
import {
  type DriverEvents,
  MasterPools,
  type RedisDriver,
  type Reply,
  WaitPool,
} from './redis-driver.ts';

/** A master that does not come back is looked for elsewhere after this. */
const REFRESH_AFTER_MILLISECONDS = 500;

interface Node {
  readonly host: string;
  readonly port: number;
}

const nameOf = ({ host, port }: Node): string => `${host}:${port}`;

function openMembers(settings: RedisSettings, events: DriverEvents) {
  const { socket, ...connection } = connectionOf({ ...settings, database: 0 });
  const cluster = createCluster({
    rootNodes: settings.nodes.map(({ host, port }) => ({
      ...connection,
      socket: { ...socket, host, port },
    })),
    defaults: { ...connection, socket },
    RESP: 2,
    topologyRefreshOnReconnectionAttemptStrategy: REFRESH_AFTER_MILLISECONDS,
    commandOptions: NO_TIMEOUT,
  });
  cluster.on('error', events.onError);
  cluster.on('node-error', events.onError);
  for (const event of ['node-reconnecting', 'node-disconnect', 'node-ready'])
    cluster.on(event, (node: Node) => events.onDoubt(nameOf(node)));
  return cluster;
}

type Cluster = ReturnType<typeof openMembers>;
type Client = ReturnType<typeof openClient>;

/** Connections of their own for writes that wait. */
function openPools(cluster: Cluster, settings: RedisSettings, events: DriverEvents) {
  const clients = new Map<string, Client[]>();
  const open = (master: string): WaitPool<Client> => {
    const opened: Client[] = [];
    clients.set(master, opened);
    const pool = new WaitPool(settings.waitConnections, async () => {
      const node = cluster.nodeByAddress.get(master);
      if (!node) throw new Error('it is no master any more');
      const { host, port } = node;
      const own = { ...events, onDoubt: () => events.onDoubt(master) };
      const client = openClient({ ...settings, database: 0 }, { host, port }, own);
      opened.push(client);
      return client.connect();
    });
    pool.fill().catch(events.onError);
    return pool;
  };
  const end = (master: string): void => {
    for (const client of clients.get(master) ?? []) if (client.isOpen) client.destroy();
    clients.delete(master);
  };
  return new MasterPools(open, end);
}

async function connect(cluster: Cluster, isClosed: () => boolean): Promise<void> {
  // What connects while the store closes, also by a look at the topology, would stay open and be nobody's.
  const destroyLate = (): void => {
    if (isClosed()) cluster.destroy();
  };
  for (const event of ['node-connect', 'node-ready', 'node-reconnecting'])
    cluster.on(event, destroyLate);
  await cluster.connect();
  destroyLate();
}

/** Opens the connections to all masters. */
export function openNodeRedisCluster(settings: RedisSettings, events: DriverEvents): RedisDriver {
  const cluster = openMembers(settings, events);
  const pools = openPools(cluster, settings, events);
  let isClosed = false;
  const giveUp = connectSoon(async () => {
    await connect(cluster, () => isClosed);
    events.onDoubt();
  }, events);
  return {
    masters() {
      const masters = cluster.masters.map(({ address }) => address);
      pools.keep(masters);
      return masters;
    },
    masterFor: (key) => cluster.slots[slotOf(key)]?.master.address,
    async send(master, words) {
      const node = cluster.nodeByAddress.get(master);
      if (!node) throw new Error('it is no master any more');
      const client = await cluster.nodeClient(node);
      return (await client.sendCommand([...words], NO_TIMEOUT)) as Reply;
    },
    sendConfirmed: (master, commands, call) =>
      pools
        .for(master)
        .use(call, (member) => sendBoth((words) => member.sendCommand([...words]), commands)),
    // Its public face asks anew only after a command went wrong.
    async rediscover(doubted) {
      if (cluster.isReady)
        await cluster._slots.rediscover(undefined, new Set(doubted === undefined ? [] : [doubted]));
    },
    async close() {
      isClosed = true;
      giveUp();
      pools.keep([]);
      cluster.destroy();
    },
  };
}
