// The second driver: ioredis 6, for those who run it already. What it must be told is in docs/operations.md: by its defaults
// it sends unanswered writes again and stays with a master that was replaced.
import { once } from 'node:events';
import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';
import type { RedisSettings } from '../settings.ts';
import { slotOf } from './hash-slot.ts';
import {
  CONNECT_TIMEOUT_MILLISECONDS,
  type DriverEvents,
  MasterPools,
  oneMaster,
  type RedisDriver,
  type Reply,
  reconnectDelay,
  SOCKET_TIMEOUT_MILLISECONDS,
  WaitPool,
  type Words,
} from './redis-driver.ts';
import { tlsOptionsOf } from './tls-options.ts';

const SLOTS_REFRESH_MILLISECONDS = 2000;
const REDISCOVER_AFTER_MILLISECONDS = 3000;

type Node = RedisSettings['nodes'][number];

/** What every connection has. */
function connectionOf(settings: RedisSettings) {
  const { credentials, database, deadlineMilliseconds } = settings;
  const tls = tlsOptionsOf(settings);
  return {
    ...(credentials?.username !== undefined && { username: credentials.username }),
    ...(credentials && { password: credentials.password }),
    ...(database > 0 && { db: database }),
    ...(tls && { tls }),
    // A write that was not answered is never sent again by itself: it may have been done.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 1,
    commandTimeout: deadlineMilliseconds,
    socketTimeout: SOCKET_TIMEOUT_MILLISECONDS,
    connectTimeout: CONNECT_TIMEOUT_MILLISECONDS,
    disableClientInfo: true,
    protocol: 2,
  } as const satisfies RedisOptions;
}

/** How the group is found. */
function groupOf(settings: RedisSettings) {
  const { nodes, topology } = settings;
  if (topology.mode !== 'sentinel') return undefined;
  const { credentials, masterName } = topology;
  const tls = tlsOptionsOf(settings);
  return {
    sentinels: nodes.map(({ host, port }) => ({ host, port })),
    name: masterName,
    role: 'master',
    // Without it a master that wakes up after it was replaced keeps its clients, and loses what they write.
    failoverDetector: true,
    sentinelRetryStrategy: reconnectDelay,
    sentinelCommandTimeout: CONNECT_TIMEOUT_MILLISECONDS,
    ...(credentials?.username !== undefined && { sentinelUsername: credentials.username }),
    ...(credentials && { sentinelPassword: credentials.password }),
    ...(tls && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
  } as const satisfies Partial<RedisOptions>;
}

/** Connections that we have ended ourselves. */
const ended = new WeakSet<Redis>();

function endServer(client: Redis): void {
  ended.add(client);
  client.disconnect();
}

/** The driver gives a connection up for good where it is told of a failover while it asks the Sentinels. It is made again all the same. */
function comeBack(client: Redis, { onError }: DriverEvents): void {
  client.on('end', () => {
    if (ended.has(client)) return;
    const again = (): void => {
      if (!ended.has(client)) client.connect().catch(onError);
    };
    setTimeout(again, reconnectDelay(1)).unref();
  });
}

/** A connection to one server, or to whom the Sentinels name. What happens to it is a reason to look. */
function openServer(settings: RedisSettings, node: Node, events: DriverEvents): Redis {
  const client = new Redis({
    ...connectionOf(settings),
    ...(groupOf(settings) ?? node),
    enableOfflineQueue: false,
    retryStrategy: reconnectDelay,
  });
  client.on('error', (cause) => {
    events.onError(cause);
    // The driver would go on in database 0, which is another one's, or empty.
    if (isOfSelect(cause)) client.disconnect(true);
  });
  client.on('close', () => events.onDoubt());
  comeBack(client, events);
  return client;
}

/** Whether the database that was asked for is refused. */
const isOfSelect = (cause: Error): boolean =>
  'command' in cause &&
  typeof cause.command === 'object' &&
  cause.command !== null &&
  'name' in cause.command &&
  cause.command.name === 'select';

async function call(client: Redis, [name = '', ...rest]: Words): Promise<Reply> {
  return (await client.call(name, ...rest)) as Reply;
}

/** One pipeline: both are written before either answers, on one connection. */
async function callBoth(
  client: Redis,
  commands: readonly [Words, Words],
): Promise<readonly [Reply, Reply]> {
  const answers = await client
    .pipeline(commands.map(([name = '', ...rest]) => [name.toLowerCase(), ...rest]))
    .exec();
  const replies = (answers ?? []).map(([cause, reply]) => {
    if (cause) throw cause;
    return reply as Reply;
  });
  const [write, wait] = replies;
  if (write === undefined || wait === undefined) throw new Error('a pipeline was not answered');
  return [write, wait];
}

/** Connections for writes that wait. One that could not be opened is ended: it would come when there is another in its place, and so
 * they would become more and more. */
function openPool(most: number, all: Set<Redis>, open: () => Redis): WaitPool<Redis> {
  return new WaitPool(most, async () => {
    const client = open();
    all.add(client);
    try {
      await once(client, 'ready');
    } catch (cause) {
      all.delete(client);
      endServer(client);
      throw cause;
    }
    return client;
  });
}

/** One master at a time. */
function openOne(settings: RedisSettings, events: DriverEvents): RedisDriver {
  const node = settings.nodes[0] ?? { host: '', port: 0 };
  const { masterFor, masters, onReady } = oneMaster(events);
  const client = openServer(settings, node, events);
  let readyAt = 0;
  client.on('ready', () => {
    readyAt = performance.now();
    onReady();
  });
  const all = new Set([client]);
  const pool = openPool(settings.waitConnections, all, () => openServer(settings, node, events));
  client.once('ready', () => {
    if (settings.minReplicas > 0) pool.fill().catch(events.onError);
  });
  return {
    masters,
    masterFor,
    send: (_master, words) => call(client, words),
    sendConfirmed: (_master, commands, running) =>
      pool.use(running, (member) => callBoth(member, commands)),
    // The Sentinels are asked by who connects. One that is about to has asked already, and one that has is given some time:
    // on a busy machine it would never be done.
    async rediscover() {
      if (settings.topology.mode === 'single' || client.status !== 'ready') return;
      if (performance.now() - readyAt < REDISCOVER_AFTER_MILLISECONDS) return;
      for (const each of all) if (each.status === 'ready') each.disconnect(true);
    },
    async close() {
      pool.close();
      all.forEach(endServer);
    },
  };
}

const nameOf = ({ options: { host, port } }: Redis): string => `${host}:${port}`;

function openMembers(settings: RedisSettings, events: DriverEvents): Cluster {
  const options = {
    redisOptions: connectionOf({ ...settings, database: 0 }),
    enableOfflineQueue: false,
    clusterRetryStrategy: reconnectDelay,
    scaleReads: 'master',
    slotsRefreshTimeout: CONNECT_TIMEOUT_MILLISECONDS,
    // The driver's own timer goes on for ever where it is closed during a refresh: ours asks instead.
    slotsRefreshInterval: 0,
    // The driver would look a name up by itself and connect to the address, which is not in the certificate of a name.
    ...(settings.tls && { dnsLookup: (name, callback) => callback(null, name) }),
  } as const satisfies ClusterOptions;
  const cluster = new Cluster(
    settings.nodes.map(({ host, port }) => ({ host, port })),
    options,
  );
  cluster.on('error', events.onError);
  cluster.on('node error', events.onError);
  cluster.on('ready', () => events.onDoubt());
  cluster.on('close', () => events.onDoubt());
  cluster.on('+node', (node: Redis) => {
    for (const event of ['close', 'ready']) node.on(event, () => events.onDoubt(nameOf(node)));
  });
  const refresh = setInterval(() => {
    if (cluster.status === 'ready') cluster.refreshSlotsCache();
  }, SLOTS_REFRESH_MILLISECONDS).unref();
  cluster.once('end', () => clearInterval(refresh));
  return cluster;
}

function findMaster(cluster: Cluster, master: string): Redis {
  const node = cluster.nodes('master').find((each) => nameOf(each) === master);
  if (!node) throw new Error('there is no connection to this master');
  return node;
}

/** Connections of their own for writes that wait. */
function openPools(cluster: Cluster, settings: RedisSettings, events: DriverEvents) {
  const clients = new Map<string, Set<Redis>>();
  const open = (master: string): WaitPool<Redis> => {
    const opened = new Set<Redis>();
    clients.set(master, opened);
    const pool = openPool(settings.waitConnections, opened, () => {
      const { host = '', port = 0 } = findMaster(cluster, master).options;
      const own = { ...events, onDoubt: () => events.onDoubt(master) };
      return openServer({ ...settings, database: 0 }, { host, port }, own);
    });
    pool.fill().catch(events.onError);
    return pool;
  };
  const end = (master: string): void => {
    clients.get(master)?.forEach(endServer);
    clients.delete(master);
  };
  return new MasterPools(open, end);
}

function openCluster(settings: RedisSettings, events: DriverEvents): RedisDriver {
  const cluster = openMembers(settings, events);
  const pools = openPools(cluster, settings, events);
  return {
    masters() {
      const masters = [...new Set(cluster.slots.flatMap(([master]) => master ?? []))];
      pools.keep(masters);
      return masters;
    },
    masterFor: (key) => cluster.slots[slotOf(key)]?.[0],
    send: async (master, words) => call(findMaster(cluster, master), words),
    sendConfirmed: async (master, commands, running) =>
      pools.for(master).use(running, (member) => callBoth(member, commands)),
    async rediscover() {
      if (cluster.status !== 'ready') return;
      await new Promise<void>((resolve, reject) => {
        cluster.refreshSlotsCache((cause) => (cause ? reject(cause) : resolve()));
      });
    },
    async close() {
      pools.keep([]);
      cluster.disconnect();
    },
  };
}

/** Opens the connections; they come up in the background, and come back by themselves. */
export function openIoredisDriver(settings: RedisSettings, events: DriverEvents): RedisDriver {
  return settings.topology.mode === 'cluster'
    ? openCluster(settings, events)
    : openOne(settings, events);
}
