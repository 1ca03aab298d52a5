// The default driver: node-redis 6. Two of its defaults must be changed (docs/operations.md says why): a timer for each
// command, and a reconnect strategy that gives up after a silent socket.
import { createClient, type RedisClientOptions } from 'redis';
import {
  type DriverEvents,
  LeastBusy,
  type RedisDriver,
  type Reply,
  reconnectDelay,
  type Words,
} from './redis-driver.ts';
import type { RedisCredentials, RedisSettings } from './settings.ts';

const MAX_QUEUED_COMMANDS = 20_000;

/** A connection on which nothing arrives is replaced. A PING comes more often, so only a dead one is silent. */
const SOCKET_TIMEOUT_MILLISECONDS = 2500;
const PING_INTERVAL_MILLISECONDS = 1000;
const CONNECT_TIMEOUT_MILLISECONDS = 1000;

/** No timer for each command: the deadline wheel has them all. Left out, the driver would make one. */
const NO_TIMEOUT = { timeout: 0 };

function socketOf({ tls }: RedisSettings) {
  return {
    connectTimeout: CONNECT_TIMEOUT_MILLISECONDS,
    socketTimeout: SOCKET_TIMEOUT_MILLISECONDS,
    // A number always, for a silent socket too: a driver that stays closed would need a restart.
    reconnectStrategy: reconnectDelay,
    ...(tls && {
      tls: true as const,
      ...(tls.caPem !== undefined && { ca: tls.caPem }),
      ...(tls.certificatePem !== undefined && { cert: tls.certificatePem }),
      ...(tls.keyPem !== undefined && { key: tls.keyPem }),
      ...(tls.serverName !== undefined && { servername: tls.serverName }),
    }),
  };
}

const loginOf = (credentials: RedisCredentials | undefined) => ({
  ...(credentials?.username !== undefined && { username: credentials.username }),
  ...(credentials && { password: credentials.password }),
});

/** What every connection has. */
function connectionOf(settings: RedisSettings) {
  return {
    socket: socketOf(settings),
    ...loginOf(settings.credentials),
    ...(settings.database > 0 && { database: settings.database }),
    pingInterval: PING_INTERVAL_MILLISECONDS,
    disableOfflineQueue: true,
    commandsQueueMaxLength: MAX_QUEUED_COMMANDS,
    maintNotifications: 'disabled',
    disableClientInfo: true,
  } as const satisfies RedisClientOptions;
}

const firstOf = ({ nodes }: RedisSettings) => {
  const [first] = nodes;
  if (!first) throw new Error('a Redis store needs a node');
  return first;
};

/** Connects in the background: a server that is away at the start comes later. */
function connectSoon(connecting: Promise<unknown>, { onError }: DriverEvents): void {
  connecting.catch(onError);
}

function openClient(settings: RedisSettings, events: DriverEvents) {
  const options = connectionOf(settings);
  const client = createClient({
    ...options,
    RESP: 2,
    socket: { ...options.socket, ...firstOf(settings) },
    commandOptions: NO_TIMEOUT,
  });
  client.on('error', (cause: unknown) => {
    events.onError(cause);
    events.onDoubt();
  });
  client.on('ready', events.onDoubt);
  connectSoon(client.connect(), events);
  return client;
}

type Send = (words: Words) => Promise<unknown>;

/** The two commands one behind the other. Both are written before either answers. */
async function sendBoth(
  send: Send,
  [write, wait]: readonly [Words, Words],
): Promise<readonly [Reply, Reply]> {
  return (await Promise.all([send(write), send(wait)])) as [Reply, Reply];
}

function openSingle(settings: RedisSettings, events: DriverEvents): RedisDriver {
  const client = openClient(settings, events);
  const waiting = settings.minReplicas > 0 ? settings.waitConnections : 0;
  const others = Array.from({ length: waiting }, () => openClient(settings, events));
  const pool = new LeastBusy(others);
  const send = async (words: Words): Promise<Reply> => client.sendCommand([...words]);
  return {
    send: (_key, words) => send(words),
    sendConfirmed: (_key, commands) =>
      pool.use((member) => sendBoth((words) => member.sendCommand([...words]), commands)),
    sendToMasters: async (words) => [await send(words)],
    rediscover: () => {},
    async close() {
      for (const each of [client, ...others]) if (each.isOpen) each.destroy();
    },
  };
}

/** Opens the connections; they come up in the background, and come back by themselves. */
export function openNodeRedisDriver(settings: RedisSettings, events: DriverEvents): RedisDriver {
  return openSingle(settings, events);
}
