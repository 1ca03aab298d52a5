// The default driver: node-redis 6.

import type { RedisSettings } from '../settings.ts';
import { openNodeRedisCluster } from './node-redis-cluster.ts';
import { openClient, sendBoth } from './node-redis-options.ts';
import { openNodeRedisSentinel } from './node-redis-sentinel.ts';
import {
  type DriverEvents,
  type OpenDriver,
  oneMaster,
  type RedisDriver,
  type Reply,
  WaitPool,
  type Words,
} from './redis-driver.ts';

const firstOf = ({ nodes }: RedisSettings) => {
  const [first] = nodes;
  if (!first) throw new Error('a Redis store needs a node');
  return first;
};

function openSingle(settings: RedisSettings, events: DriverEvents): RedisDriver {
  const node = firstOf(settings);
  const { masterFor, masters, onReady } = oneMaster(events);
  const client = openClient(settings, node, events).on('ready', onReady);
  const all = [client];
  const pool = new WaitPool(settings.waitConnections, () => {
    const another = openClient(settings, node, events);
    all.push(another);
    return another.connect();
  });
  const filled = settings.minReplicas > 0 ? () => pool.fill() : () => undefined;
  client.connect().then(filled).catch(events.onError);
  const send = async (words: Words): Promise<Reply> => client.sendCommand([...words]);
  return {
    masters,
    masterFor,
    send: (_master, words) => send(words),
    sendConfirmed: (_master, commands, call) =>
      pool.use(call, (member) => sendBoth((words) => member.sendCommand([...words]), commands)),
    rediscover: async () => {},
    async close() {
      pool.close();
      for (const each of all) if (each.isOpen) each.destroy();
    },
  };
}

const TOPOLOGIES: Readonly<Record<RedisSettings['topology']['mode'], OpenDriver>> = {
  single: openSingle,
  sentinel: openNodeRedisSentinel,
  cluster: openNodeRedisCluster,
};

/** Opens the connections; they come up in the background, and come back by themselves. */
export function openNodeRedisDriver(settings: RedisSettings, events: DriverEvents): RedisDriver {
  return TOPOLOGIES[settings.topology.mode](settings, events);
}
