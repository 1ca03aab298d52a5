// What every connection of node-redis is given. Two of its defaults must be changed (docs/operations.md says why): a timer
// for each command, and a reconnect strategy that gives up after a silent socket.
import { createClient, type RedisClientOptions } from 'redis';
import type { RedisCredentials, RedisSettings } from '../settings.ts';
import {
  CONNECT_TIMEOUT_MILLISECONDS,
  type DriverEvents,
  type Reply,
  reconnectDelay,
  SOCKET_TIMEOUT_MILLISECONDS,
  type Words,
} from './redis-driver.ts';
import { tlsOptionsOf } from './tls-options.ts';

const MAX_QUEUED_COMMANDS = 20_000;

const PING_INTERVAL_MILLISECONDS = 1000;

/** The deadlines are ours. Left out, the driver would make a signal with a timer for each command. */
export const NO_TIMEOUT = { timeout: 0 };

/** How a socket is made, and made again. */
export function socketOf(settings: RedisSettings) {
  const tls = tlsOptionsOf(settings);
  return {
    connectTimeout: CONNECT_TIMEOUT_MILLISECONDS,
    socketTimeout: SOCKET_TIMEOUT_MILLISECONDS,
    // A number always, for a silent socket too: a driver that stays closed would need a restart.
    reconnectStrategy: reconnectDelay,
    ...(tls && { tls: true as const, ...tls }),
  };
}

/** How we log in; nothing where there is nothing to log in with. */
export const loginOf = (credentials: RedisCredentials | undefined) => ({
  ...(credentials?.username !== undefined && { username: credentials.username }),
  ...(credentials && { password: credentials.password }),
});

/** What every connection to a server has. */
export function connectionOf(settings: RedisSettings) {
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

/** A connection to one server. */
export function openClient(
  settings: RedisSettings,
  node: RedisSettings['nodes'][number],
  events: DriverEvents,
) {
  const options = connectionOf(settings);
  const client = createClient({
    ...options,
    RESP: 2,
    socket: { ...options.socket, ...node },
    commandOptions: NO_TIMEOUT,
  });
  client.on('error', (cause: unknown) => {
    events.onError(cause);
    events.onDoubt();
  });
  return client;
}

/** Connects in the background, for as long as it takes: servers that are away at the start come later. */
export function connectSoon(
  connect: () => Promise<unknown>,
  { onError }: DriverEvents,
): () => void {
  let isWanted = true;
  const attempt = async (tries: number): Promise<void> => {
    try {
      await connect();
    } catch (cause) {
      if (!isWanted) return;
      onError(cause);
      setTimeout(() => void attempt(tries + 1), reconnectDelay(tries)).unref();
    }
  };
  void attempt(0);
  return () => {
    isWanted = false;
  };
}

/** Two commands one behind the other: both are written before either answers. */
export async function sendBoth(
  send: (words: Words) => Promise<unknown>,
  [write, wait]: readonly [Words, Words],
): Promise<readonly [Reply, Reply]> {
  return (await Promise.all([send(write), send(wait)])) as [Reply, Reply];
}
