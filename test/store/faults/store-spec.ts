// A store as plain data, so that every process of the rig opens the same one.

import type { Store } from '#core/ports.ts';
import { type OpenedRedisStore, openRedisStore } from '#src/store/redis/open-redis-store.ts';
import type { RedisSettings } from '#src/store/redis/settings.ts';
import { openSqliteStore } from '#src/store/sqlite/open-sqlite-store.ts';

export type StoreSpec =
  | { readonly kind: 'sqlite'; readonly path: string; readonly deadlineMilliseconds: number }
  | { readonly kind: 'redis'; readonly settings: RedisSettings };

export const deadlineOf = (spec: StoreSpec): number =>
  spec.kind === 'sqlite' ? spec.deadlineMilliseconds : spec.settings.deadlineMilliseconds;

const clock = {
  now: () => Math.floor(Date.now() / 1000),
  nowMilliseconds: () => Date.now(),
};

/** Opens the store as the server does. What the Redis store tells of itself goes to `tell`. */
export async function openStore(
  spec: StoreSpec,
  tell: (what: string) => void = () => {},
): Promise<{ readonly store: Store; readonly redis?: OpenedRedisStore }> {
  if (spec.kind === 'sqlite') {
    const { path, deadlineMilliseconds: busyTimeoutMilliseconds } = spec;
    const { store } = openSqliteStore({ path, clock, busyTimeoutMilliseconds });
    store.start();
    return { store };
  }
  const redis = await openRedisStore({
    settings: spec.settings,
    clock,
    events: {
      onRoleChange: () => tell('another master'),
      onFence: (isFenced) => tell(isFenced ? 'fenced' : 'open'),
      onAlarm: (message) => tell(`alarm ${message}`),
      onError: () => {},
    },
  });
  return { store: redis.store, redis };
}
