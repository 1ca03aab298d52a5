// node-redis over Sentinels: they say who is master, and are asked every second, so that a master that wakes up after it was
// replaced is left within that time.
import { createSentinel } from 'redis';
import type { RedisSettings } from '../settings.ts';
import {
  connectionOf,
  connectSoon,
  loginOf,
  NO_TIMEOUT,
  sendBoth,
  socketOf,
} from './node-redis-options.ts';
import {
  type DriverEvents,
  oneMaster,
  type RedisDriver,
  type Reply,
  WaitPool,
  type Words,
} from './redis-driver.ts';

const ASK_EVERY_MILLISECONDS = 1000;

function openGroup(settings: RedisSettings, events: DriverEvents, onReady: () => void) {
  const { minReplicas, nodes, topology, waitConnections } = settings;
  if (topology.mode !== 'sentinel') throw new Error('there are no Sentinels');
  const sentinel = createSentinel({
    name: topology.masterName,
    sentinelRootNodes: nodes.map(({ host, port }) => ({ host, port })),
    nodeClientOptions: connectionOf(settings),
    sentinelClientOptions: {
      socket: socketOf(settings),
      ...loginOf(topology.credentials),
      maintNotifications: 'disabled',
      disableClientInfo: true,
    },
    RESP: 2,
    masterPoolSize: 1 + (minReplicas > 0 ? waitConnections : 0),
    // Without it commands sent at once each take a connection of the pool and never give it back.
    reserveClient: true,
    // A write is tried again once, where a replica answered that it is none of its business: never on an unknown outcome.
    maxCommandRediscovers: 1,
    scanInterval: ASK_EVERY_MILLISECONDS,
    commandOptions: NO_TIMEOUT,
  });
  sentinel.on('error', events.onError);
  sentinel.on('client-error', ({ type, error }: { type: string; error: unknown }) => {
    events.onError(error);
    if (type === 'MASTER') events.onDoubt();
  });
  sentinel.on('topology-change', ({ type }: { type: string }) => {
    if (type === 'MASTER_CHANGE') events.onDoubt();
  });
  sentinel.on('reconnecting', () => events.onDoubt());
  sentinel.on('ready', onReady);
  return sentinel;
}

/** The driver would keep what it cannot send yet, and send it when nobody wants it any more. */
function requireReady({ isReady }: { readonly isReady: boolean }): void {
  if (!isReady) throw new Error('no master is known');
}

/** Opens the connections to whoever is master. */
export function openNodeRedisSentinel(settings: RedisSettings, events: DriverEvents): RedisDriver {
  const { masterFor, masters, onReady } = oneMaster(events);
  const sentinel = openGroup(settings, events, onReady);
  // Leases are kept: the driver builds a class of some hundred methods for each.
  const pool = new WaitPool(settings.waitConnections, () => sentinel.acquire());
  const giveUp = connectSoon(async () => {
    await sentinel.connect();
    if (settings.minReplicas > 0) pool.fill().catch(events.onError);
  }, events);
  const send = async (words: Words): Promise<Reply> => {
    requireReady(sentinel);
    return (await sentinel.sendCommand(false, [...words])) as Reply;
  };
  return {
    masters,
    masterFor,
    send: (_master, words) => send(words),
    async sendConfirmed(_master, commands, call) {
      requireReady(sentinel);
      return pool.use(call, (lease) =>
        sendBoth((words) => lease.sendCommand(false, [...words]), commands),
      );
    },
    // It asks the Sentinels by itself, every second and whenever a command meets a replica.
    rediscover: async () => {},
    async close() {
      pool.close();
      giveUp();
      await sentinel.destroy();
    },
  };
}
