// Redis stores over servers of the test's own, with settings that are patient, and a way to let the servers' time pass.
import { type OpenedRedisStore, openRedisStore } from '#src/store/redis/open-redis-store.ts';
import type { RedisSettings } from '#src/store/redis/settings.ts';
import { eventually } from '#test/support/eventually.ts';
import type {
  RedisServer,
  RedisSettings as ServerSettings,
} from '#test/support/redis/redis-server.ts';
import type { StoreUnderTest } from '../conformance/under-test.ts';

/** What the store asks of a server that stands alone. */
export const FIT: ServerSettings = { appendonly: 'yes', appendfsync: 'everysec' };

/** And of servers with replicas. Their lag is not what these tests are about: a busy machine may have some. */
export const FIT_REPLICATED: ServerSettings = {
  ...FIT,
  'min-replicas-to-write': '1',
  'min-replicas-max-lag': '10',
};

export const DRIVERS = ['node-redis', 'ioredis'] as const;

const systemClock = {
  now: () => Math.floor(Date.now() / 1000),
  nowMilliseconds: () => Date.now(),
};

export interface Alarms {
  readonly alarms: string[];
  readonly errors: unknown[];
  readonly fences: boolean[];
  roleChanges: number;
}

export const noAlarms = (): Alarms => ({ alarms: [], errors: [], fences: [], roleChanges: 0 });

/** What either driver says of a connection that was not there in time. */
const isSlowConnection = (cause: unknown): boolean =>
  cause instanceof Error && /^(Connection timeout|connect ETIMEDOUT)$/.test(cause.message);

/** The errors that tell of a server: a busy machine makes a connection late, and it is tried again. */
export const errorsOf = ({ errors }: Alarms): readonly unknown[] =>
  errors.filter((cause) => !isSlowConnection(cause));

export function aSetting(ports: readonly number[], overrides: Partial<RedisSettings> = {}) {
  return {
    driver: 'node-redis',
    topology: { mode: 'single' },
    nodes: ports.map((port) => ({ host: '127.0.0.1', port })),
    database: 0,
    tenant: 'sts.example',
    minReplicas: 0,
    // What is in time elsewhere must not be refused on a busy machine.
    waitMilliseconds: 5000,
    waitConnections: 2,
    deadlineMilliseconds: 10_000,
    ringSeconds: 120,
    isAppendOnlyRequired: true,
    maxSkewSeconds: 60,
    ...overrides,
  } as const satisfies RedisSettings;
}

export function openUnderTest(
  settings: RedisSettings,
  seen: Alarms = noAlarms(),
): Promise<OpenedRedisStore> {
  return openRedisStore({
    settings,
    clock: systemClock,
    events: {
      onRoleChange: () => {
        seen.roleChanges += 1;
      },
      onFence: (isFenced) => seen.fences.push(isFenced),
      onAlarm: (message) => seen.alarms.push(message),
      onError: (cause) => seen.errors.push(cause),
    },
  });
}

/** Takes time from the life of every key, as if it had passed: what is over is gone. */
const PASS = `
local cursor = '0'
repeat
  local page = redis.call('SCAN', cursor, 'COUNT', 1000)
  cursor = page[1]
  for _, key in ipairs(page[2]) do
    local left = redis.call('PTTL', key)
    if left >= 0 then
      if left <= tonumber(ARGV[1]) then redis.call('DEL', key)
      else redis.call('PEXPIRE', key, left - tonumber(ARGV[1])) end
    end
  end
until cursor == '0'`;

/** Two stores over the same data, for the conformance suite. */
export async function storesUnderTest(
  settings: RedisSettings,
  masters: () => Promise<readonly RedisServer[]>,
): Promise<StoreUnderTest> {
  const [first, second] = await Promise.all([openUnderTest(settings), openUnderTest(settings)]);
  for (const { store } of [first, second])
    await eventually('the store is open', async () => (await store.health()).datasetId !== '');
  return {
    stores: [first.store, second.store],
    isSpread: settings.topology.mode === 'cluster',
    async advance(seconds) {
      for (const master of await masters())
        await master.command('EVAL', PASS, '0', String(seconds * 1000));
    },
    async dispose() {
      await Promise.all([first.store.close(), second.store.close()]);
    },
  };
}
