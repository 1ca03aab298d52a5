// The watch over a server that says what it is told to, and whose time is moved.
import assert from 'node:assert/strict';
import { syncBuiltinESMExports } from 'node:module';
import type { TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Deadline } from '#src/store/redis/deadline.ts';
import type { RedisDriver, Reply, Words } from '#src/store/redis/drivers/redis-driver.ts';
import { RedisCommands } from '#src/store/redis/redis-commands.ts';
import { canaryKey, EVERY_BUCKET } from '#src/store/redis/redis-key.ts';
import { RewriteRing } from '#src/store/redis/rewrite-ring.ts';
import { PROBE } from '#src/store/redis/scripts.ts';
import { StoreWatch } from '#src/store/redis/watch/store-watch.ts';
import { isUnavailable } from '#test/store/conformance/under-test.ts';
import { type Alarms, aSetting, noAlarms } from '#test/store/redis/redis-under-test.ts';
import { type FakeClock, fakeClock } from '#test/support/fake-clock.ts';

export const CALM = {
  role: 'master',
  run_id: 'first',
  master_replid: 'line',
  second_repl_offset: '-1',
  uptime_in_seconds: '1000',
  loading: '0',
  redis_version: '7.2.0',
  maxmemory_policy: 'noeviction',
  evicted_keys: '0',
  aof_enabled: '1',
  min_slaves_good_slaves: '1',
};

/** A server, and what it says. */
function aServer(clock: FakeClock) {
  const server = {
    facts: CALM as Readonly<Record<string, string>>,
    aheadSeconds: 0,
    values: new Map<string, string>(),
    replicas: 1,
    /** What a look waits for. */
    gate: Promise.resolve(),
    probed: (id: string): Reply => ['read', id],
  };
  const answers: Readonly<Record<string, (...words: Words) => Reply | Promise<Reply>>> = {
    TIME: () => [String(clock.now() + server.aheadSeconds), '0'],
    GET: (key = '') => server.values.get(key) ?? null,
    SET(key = '', value = '') {
      if (!server.values.has(key)) server.values.set(key, value);
      return 'OK';
    },
    EVALSHA: (sha, ...words) => (sha === PROBE.sha ? server.probed(words.at(-1) ?? '') : ['done']),
    async INFO() {
      await server.gate;
      const lines = Object.entries(server.facts).map(([name, fact]) => `${name}:${fact}`);
      return lines.join('\r\n');
    },
  };
  const answer = async ([command = '', ...rest]: Words): Promise<Reply> => {
    const say = answers[command];
    if (!say) throw new Error(`not asked: ${command}`);
    return say(...rest);
  };
  return Object.assign(server, { answer });
}

/** All that can be done without time passing. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
}

function eventsInto(seen: Alarms) {
  return {
    onRoleChange: () => {
      seen.roleChanges += 1;
    },
    onFence: (isFenced: boolean) => seen.fences.push(isFenced),
    onAlarm: (message: string) => seen.alarms.push(message),
    onError: (cause: unknown) => seen.errors.push(cause),
  };
}

/** A watch over one server, or over others by name. */
export function aWatch(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
  // Also where a timer was imported by name.
  syncBuiltinESMExports();
  const clock = fakeClock();
  let now = 1_000_000;
  t.mock.method(performance, 'now', () => now);
  const server = aServer(clock);
  const seen = noAlarms();
  const cluster = { masters: ['only'], isCovered: true, rediscovered: 0 };
  const driver: RedisDriver = {
    masters: () => cluster.masters,
    masterFor: () => (cluster.isCovered ? cluster.masters[0] : undefined),
    send: (_, words) => server.answer(words),
    sendConfirmed: async (_, [write]) => [await server.answer(write), server.replicas],
    async rediscover() {
      cluster.rediscovered += 1;
    },
    close: () => Promise.resolve(),
  };
  const settings = aSetting([1], { minReplicas: 1 });
  const events = eventsInto(seen);
  const commands = new RedisCommands({
    ...settings,
    driver,
    deadline: new Deadline({ deadlineMilliseconds: 100_000, maxCalls: 1000 }),
    assertOpen: (master) => watch.assertOpen(master),
    onError: events.onError,
  });
  const ring = new RewriteRing(settings.ringSeconds);
  const watch = new StoreWatch({ settings, driver, commands, ring, clock, events });
  t.after(() => watch.stop());
  return {
    cluster,
    seen,
    server,
    watch,
    isOpen: (master = 'only'): boolean => {
      try {
        watch.assertOpen(master);
        return true;
      } catch (cause) {
        assert.ok(isUnavailable(cause));
        return false;
      }
    },
    pass: async (seconds: number): Promise<void> => {
      for (let passed = 0; passed < seconds; passed += 1) {
        now += 1000;
        clock.advance(1);
        t.mock.timers.tick(1000);
        await settled();
      }
    },
  };
}

export type Watched = ReturnType<typeof aWatch>;

/** It was opened, and the canaries are there. */
export async function opened(t: TestContext): Promise<Watched> {
  const watched = aWatch(t);
  await watched.watch.start();
  assert.ok(watched.isOpen());
  return watched;
}

/** Data that others have made. */
export function holdingData(t: TestContext, facts = {}): Watched {
  const watched = aWatch(t);
  for (const bucket of EVERY_BUCKET)
    watched.server.values.set(canaryKey('sts.example', bucket), '1 dataset 1800000000');
  watched.server.facts = { ...CALM, ...facts };
  return watched;
}
