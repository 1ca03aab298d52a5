// The configured store, opened: where state lives, since when it remembers, and what else it says of itself.
import { existsSync } from 'node:fs';
import type { Clock, Instant } from '#core/instant.ts';
import type { Store } from '#core/ports.ts';
import type { Config } from '../config/config.ts';
import type { ReadinessCheck } from '../http/health.ts';
import { MemoryStore } from '../store/memory/memory-store.ts';
import { openSqliteStore } from '../store/sqlite/open-sqlite-store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface OpenedStore {
  readonly store: Store;
  /** When the store began to remember. */
  readonly began: () => Instant;
  /** What must hold for it besides answering. */
  readonly checks: readonly ReadinessCheck[];
}

export interface StoreObservers {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Opens the configured store.
 * @throws {Error} when it cannot be used as it is */
export async function openStore(config: Config, observers: StoreObservers): Promise<OpenedStore> {
  const { clock } = observers;
  switch (config.store.kind) {
    case 'memory': {
      const began = clock.now();
      return { store: new MemoryStore(clock), began: () => began, checks: [] };
    }
    case 'sqlite': {
      const { store, createdAt } = openSqliteStore({ path: config.store.path, clock });
      store.start();
      return { store, began: () => createdAt, checks: [] };
    }
    case 'redis':
      return openRedis(config, observers);
  }
}

/** The configured store where it exists already; undefined where nothing was ever stored. */
export async function existingStore(
  config: Config,
  observers: StoreObservers,
): Promise<Store | undefined> {
  const { store } = config;
  if (store.kind === 'redis') return (await openRedis(config, observers)).store;
  if (store.kind === 'memory' || !existsSync(store.path)) return undefined;
  // Who only asks must not take a file away from the servers that have it open.
  return openSqliteStore({ path: store.path, clock: observers.clock, keepsDamaged: true }).store;
}

const failUnless = (isTrue: boolean): void => {
  if (!isTrue) throw new Error('not ready');
};

async function openRedis(
  { clockSkewSeconds, store }: Config,
  { clock, logger, metrics }: StoreObservers,
): Promise<OpenedStore> {
  if (store.kind !== 'redis') throw new Error('the store is not on Redis');
  // Loaded when it is configured: the embedded store must not pay for a driver.
  const { openRedisStore } = await import('../store/redis/open-redis-store.ts');
  const opened = await openRedisStore({
    settings: { ...store.redis, maxSkewSeconds: clockSkewSeconds },
    clock,
    events: {
      onRoleChange: () => metrics.storeRoleChanges.increment({}),
      onFence: (isFenced) => metrics.storeFenced.set({}, Number(isFenced)),
      onAlarm: (alarm) => logger.error('store', { alarm }),
      onError: (cause) => logger.warn('store command failed', { cause }),
    },
  });
  return {
    store: opened.store,
    // Not known means not open: nothing is asked of it before it is.
    began: () => opened.begunAt() ?? clock.now(),
    checks: [
      { reason: 'fenced', check: async () => failUnless(!opened.isFenced()) },
      { reason: 'clock', check: async () => failUnless(opened.isClockWithinSkew()) },
    ],
  };
}
