// The configured store, opened: where state lives, since when it remembers, and what else it says of itself.
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Instant } from '#core/instant.ts';
import type { Store } from '#core/ports.ts';
import type { Config } from '#src/config/config.ts';
import { makeFolders } from '#src/config/kept-file.ts';
import type { ReadinessCheck } from '#src/http/health.ts';
import { MemoryStore } from '#src/store/memory/memory-store.ts';
import type { OpenedRedisStore } from '#src/store/redis/open-redis-store.ts';
import { openSqliteStore, readSqliteStore } from '#src/store/sqlite/open-sqlite-store.ts';
import type { Observers } from './observers.ts';
import { logSeldom } from './seldom-log.ts';
import { filePlace, startStep } from './start-failure.ts';

interface OpenedStore {
  readonly store: Store;
  /** When the store began to remember. */
  readonly began: () => Instant;
  /** What must hold for it besides answering. */
  readonly checks: readonly ReadinessCheck[];
}

/** Opens the configured store.
 * @throws {Error} when it cannot be used as it is */
export async function openStore(config: Config, observers: Observers): Promise<OpenedStore> {
  const { clock, logger } = observers;
  switch (config.store.kind) {
    case 'memory': {
      const began = clock.now();
      return { store: new MemoryStore(clock), began: () => began, checks: [] };
    }
    case 'sqlite': {
      const { path } = config.store;
      const place = filePlace('store.sqlite.path', path);
      const open = async () => {
        await makeFolders(dirname(path));
        return openSqliteStore({ path, clock });
      };
      const { store, createdAt, setAside } = await startStep(place, config, open);
      // Once: of several processes the one that found it.
      if (setAside !== undefined)
        logger.error('the store was damaged and is made anew', { setAside });
      store.start();
      return { store, began: () => createdAt, checks: [] };
    }
    case 'redis':
      return openRedis(config, observers);
  }
}

/** What there is of the configured store, opened to be read. */
type ExistingStore =
  | { readonly store: Store }
  /** Nothing was ever stored. */
  | { readonly store: undefined; readonly atStart: string };

const none = (atStart: string): ExistingStore => ({ store: undefined, atStart });

/** The configured store where it exists already. Nothing of it is made, migrated or written: who only asks changes nothing.
 * @throws {Error} where it cannot be read before a start has changed it, and what that would be */
export async function existingStore(config: Config, observers: Observers): Promise<ExistingStore> {
  const { store } = config;
  if (store.kind === 'redis') return existingRedis(config, observers);
  if (store.kind === 'memory') return none('it is in memory: a start begins with nothing');
  if (!existsSync(store.path)) return none('there is none yet; the first start makes it');
  const found = readSqliteStore({ path: store.path, clock: observers.clock });
  if ('store' in found) return found;
  if (found.state === 'empty') return none('its file is empty; the first start makes the tables');
  throw new Error('the schema is of an older release: the next start migrates it');
}

async function existingRedis(config: Config, observers: Observers): Promise<ExistingStore> {
  const opened = await connectRedis(config, observers, true);
  const { store } = opened;
  switch (opened.missing()) {
    case 'nothing':
      return { store };
    case 'all':
      await store.close();
      return none('Redis is empty; the first start begins a dataset there');
    case 'parts':
      await store.close();
      throw new Error('parts of the dataset are gone: the next start begins them anew');
  }
}

const failUnless = (isTrue: boolean): void => {
  if (!isTrue) throw new Error('not ready');
};

async function openRedis(config: Config, observers: Observers): Promise<OpenedStore> {
  const { clock } = observers;
  const opened = await connectRedis(config, observers, false);
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

async function connectRedis(
  { clockSkewSeconds, store }: Config,
  { clock, logger, metrics }: Observers,
  isReadOnly: boolean,
): Promise<OpenedRedisStore> {
  if (store.kind !== 'redis') throw new Error('the store is not on Redis');
  // Loaded when it is configured: the embedded store must not pay for a driver.
  const { openRedisStore } = await import('#src/store/redis/open-redis-store.ts');
  return openRedisStore({
    isReadOnly,
    settings: { ...store.redis, maxSkewSeconds: clockSkewSeconds },
    clock,
    events: {
      onRoleChange: () => metrics.storeRoleChanges.increment({}),
      onFence: (isFenced) => metrics.storeFenced.set({}, Number(isFenced)),
      onAlarm: (alarm) => logger.error('store', { alarm }),
      onError: logSeldom(clock, (fields) => logger.warn('store command failed', fields)),
    },
  });
}
