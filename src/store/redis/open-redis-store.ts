// Opens the Redis store: connections, the first look at the servers, and what watches over them from then on.
import type { Clock, Instant } from '#core/instant.ts';
import { Deadline } from './deadline.ts';
import type { OpenDriver } from './drivers/redis-driver.ts';
import { RedisCommands } from './redis-commands.ts';
import { createPlaces } from './redis-key.ts';
import { RedisStore } from './redis-store.ts';
import { meaningOf, type ReplyMeaning } from './reply-meaning.ts';
import { RewriteRing } from './rewrite-ring.ts';
import type { RedisSettings } from './settings.ts';
import { StoreWatch, type WatchEvents } from './watch/store-watch.ts';

/** Calls under way at once; each holds some kilobytes. */
const MAX_CALLS = 10_000;
const REPEAT_AFTER_MILLISECONDS = 60_000;

interface RedisStoreOptions {
  readonly settings: RedisSettings;
  readonly clock: Clock;
  readonly events: WatchEvents;
  /** Opened to be read: no dataset is begun, and nothing is written but the probe of `health`, which takes itself away. */
  readonly isReadOnly?: boolean;
}

export interface OpenedRedisStore {
  readonly store: RedisStore;
  /** Since when it remembers; undefined while no server has said so. */
  begunAt(): Instant | undefined;
  /** Whether what it remembers is in question: the master changed, or the dataset is gone. */
  isFenced(): boolean;
  /** What of the dataset is not there; a store that is not opened to be read has made it. */
  missing(): StoreWatch['missing'];
  /** Whether our clock and those of the servers are within the configured skew. */
  isClockWithinSkew(): boolean;
}

/** Loaded when chosen: nobody pays for the other. */
const DRIVERS: Readonly<Record<RedisSettings['driver'], () => Promise<OpenDriver>>> = {
  ioredis: async () => (await import('./drivers/ioredis-driver.ts')).openIoredisDriver,
  'node-redis': async () => (await import('./drivers/node-redis-driver.ts')).openNodeRedisDriver,
};

/** Tells an operator what a server refuses us. Each try to connect is refused anew: the same is told once a minute. */
function refusalAlarm({ onAlarm }: WatchEvents): (cause: unknown) => void {
  const toldAt = new Map<string, number>();
  return (cause) => {
    if (meaningOf(cause).followUp !== 'alarm') return;
    const text = `STORE_REFUSED: ${cause instanceof Error ? cause.message : ''}`;
    const now = performance.now();
    if (now - (toldAt.get(text) ?? Number.NEGATIVE_INFINITY) < REPEAT_AFTER_MILLISECONDS) return;
    toldAt.clear();
    toldAt.set(text, now);
    onAlarm(text);
  };
}

/** Opens the store. Servers that are away do not stop the start: until they are there every operation is closed.
 * @throws {UnfitStore} when the servers are there and must not be used as they are */
export async function openRedisStore(options: RedisStoreOptions): Promise<OpenedRedisStore> {
  const { clock, events, isReadOnly = false, settings } = options;
  const openDriver = await DRIVERS[settings.driver]();
  const alarm = refusalAlarm(events);
  const driver = openDriver(settings, {
    onDoubt: (master) => watch.doubt(master),
    onError(cause) {
      events.onError(cause);
      alarm(cause);
    },
  });
  const deadline = new Deadline({ ...settings, maxCalls: MAX_CALLS });
  const onError = (
    cause: unknown,
    { followUp }: ReplyMeaning,
    master: string | undefined,
  ): void => {
    events.onError(cause);
    // The look that follows asks who is master by itself.
    if (followUp === 'rediscover' || followUp === 'alarm') watch.doubt(master);
    alarm(cause);
  };
  const assertOpen = (master: string) => watch.assertOpen(master);
  const commands = new RedisCommands({ ...settings, driver, deadline, assertOpen, onError });
  const ring = new RewriteRing(settings.ringSeconds);
  const watch = new StoreWatch({ settings, driver, commands, ring, clock, events, isReadOnly });
  const close = async (): Promise<void> => {
    await watch.stop();
    await deadline.idle();
    await driver.close();
  };
  try {
    await watch.start();
  } catch (cause) {
    await close();
    throw cause;
  }
  const placeOf = createPlaces(settings.tenant);
  const isSpread = settings.topology.mode === 'cluster';
  const store = new RedisStore({ commands, watch, ring, placeOf, isSpread, close });
  return {
    store,
    begunAt: () => watch.begunAt,
    isFenced: () => watch.isFenced,
    missing: () => watch.missing,
    isClockWithinSkew: () => watch.isClockWithinSkew,
  };
}
