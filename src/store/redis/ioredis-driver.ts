// The second driver: ioredis 6, for those who run it already. What it must be told is in docs/operations.md: by its defaults
// it sends unanswered writes again and stays with a master that was replaced.
import { once } from 'node:events';
import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';
import {
  type DriverEvents,
  type RedisDriver,
  type Reply,
  reconnectDelay,
  WaitPool,
  type Words,
} from './redis-driver.ts';
import type { RedisSettings } from './settings.ts';

const SOCKET_TIMEOUT_MILLISECONDS = 2500;
const CONNECT_TIMEOUT_MILLISECONDS = 1000;
const SLOTS_REFRESH_MILLISECONDS = 2000;
const MAX_REDIRECTIONS = 3;

function tlsOf({ tls }: RedisSettings) {
  return (
    tls && {
      ...(tls.caPem !== undefined && { ca: tls.caPem }),
      ...(tls.certificatePem !== undefined && { cert: tls.certificatePem }),
      ...(tls.keyPem !== undefined && { key: tls.keyPem }),
      ...(tls.serverName !== undefined && { servername: tls.serverName }),
    }
  );
}

/** What every connection has. */
function connectionOf(settings: RedisSettings) {
  const { credentials, database, deadlineMilliseconds } = settings;
  const tls = tlsOf(settings);
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

/** A connection that ends is a reason to look. */
function observe<Client extends Redis | Cluster>(client: Client, events: DriverEvents): Client {
  client.on('error', events.onError);
  client.on('close', events.onDoubt);
  return client;
}

/** How the group is found. */
function groupOf({ nodes, topology, ...settings }: RedisSettings) {
  if (topology.mode !== 'sentinel') return undefined;
  const { credentials, masterName } = topology;
  const tls = tlsOf({ nodes, topology, ...settings });
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

function openServer(settings: RedisSettings, events: DriverEvents): Redis {
  const [first] = settings.nodes;
  const place = groupOf(settings) ?? { host: first?.host ?? '', port: first?.port ?? 0 };
  const client = new Redis({
    ...connectionOf(settings),
    ...place,
    enableOfflineQueue: false,
    retryStrategy: reconnectDelay,
  });
  return observe(client, events);
}

function openCluster(settings: RedisSettings, events: DriverEvents): Cluster {
  const options = {
    redisOptions: connectionOf({ ...settings, database: 0 }),
    enableOfflineQueue: false,
    clusterRetryStrategy: reconnectDelay,
    scaleReads: 'master',
    maxRedirections: MAX_REDIRECTIONS,
    slotsRefreshTimeout: CONNECT_TIMEOUT_MILLISECONDS,
    // The driver's own timer goes on for ever where it is closed during a refresh: ours asks instead.
    slotsRefreshInterval: 0,
  } as const satisfies ClusterOptions;
  const cluster = new Cluster(
    settings.nodes.map(({ host, port }) => ({ host, port })),
    options,
  );
  cluster.on('node error', events.onError);
  const refresh = setInterval(() => {
    if (cluster.status === 'ready') cluster.refreshSlotsCache();
  }, SLOTS_REFRESH_MILLISECONDS).unref();
  cluster.once('end', () => clearInterval(refresh));
  return observe(cluster, events);
}

type Client = Redis | Cluster;

async function call(client: Client, [name = '', ...rest]: Words): Promise<Reply> {
  return (await client.call(name, ...rest)) as Reply;
}

/** One pipeline: both are written before either answers, on one connection. */
async function callBoth(
  client: Client,
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

async function callMasters(client: Client, words: Words): Promise<readonly Reply[]> {
  if (client instanceof Redis) return [await call(client, words)];
  const answers = await Promise.allSettled(
    client.nodes('master').map((master) => call(master, words)),
  );
  const replies = answers.flatMap((answer) =>
    answer.status === 'fulfilled' ? [answer.value] : [],
  );
  if (replies.length === 0) throw new Error('no master answers');
  return replies;
}

/** Opens the connections; they come up in the background, and come back by themselves. */
export function openIoredisDriver(settings: RedisSettings, events: DriverEvents): RedisDriver {
  const open = (): Client =>
    settings.topology.mode === 'cluster'
      ? openCluster(settings, events)
      : openServer(settings, events);
  const client = open();
  for (const event of ['ready', '+node', '-node']) client.on(event, events.onDoubt);
  const all = [client];
  const pool = new WaitPool(settings.waitConnections, async () => {
    const another = open();
    all.push(another);
    await once(another, 'ready');
    return another;
  });
  client.once('ready', () => {
    if (settings.minReplicas > 0) pool.fill().catch(events.onError);
  });
  return {
    send: (_key, words) => call(client, words),
    sendConfirmed: (_key, commands, running) =>
      pool.use(running, (member) => callBoth(member, commands)),
    sendToMasters: (words) => callMasters(client, words),
    rediscover() {
      for (const each of all) if (each instanceof Redis) each.disconnect(true);
    },
    async close() {
      pool.close();
      for (const each of all) each.disconnect();
    },
  };
}
