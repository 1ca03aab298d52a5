// The watch over servers that say what they are told to, and whose time is moved.
import assert from 'node:assert/strict';
import { syncBuiltinESMExports } from 'node:module';
import { type TestContext, test } from 'node:test';
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

const CALM = {
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
    facts: CALM,
    aheadSeconds: 0,
    values: new Map<string, string>(),
    replicas: 1,
    looks: 0,
    /** What a look waits for. */
    gate: Promise.resolve(),
    probed: (id: string): Reply => ['read', id],
    async answer([command, ...rest]: Words): Promise<Reply> {
      const [key = '', value = ''] = rest;
      if (command === 'TIME') return [String(clock.now() + server.aheadSeconds), '0'];
      if (command === 'GET') return server.values.get(key) ?? null;
      if (command === 'SET' && !server.values.has(key)) server.values.set(key, value);
      if (command === 'EVALSHA' && key === PROBE.sha) return server.probed(rest.at(-1) ?? '');
      if (command !== 'INFO') return 'OK';
      server.looks += 1;
      await server.gate;
      const lines = Object.entries(server.facts).map(([name, fact]) => `${name}:${fact}`);
      return lines.join('\r\n');
    },
  };
  return server;
}

/** All that can be done without time passing. */
async function settled(): Promise<void> {
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
function aWatch(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
  // Also where a timer was imported by name.
  syncBuiltinESMExports();
  const clock = fakeClock();
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
    isOpen(master = 'only') {
      try {
        watch.assertOpen(master);
        return true;
      } catch (cause) {
        assert.ok(isUnavailable(cause));
        return false;
      }
    },
    async pass(seconds: number) {
      for (let passed = 0; passed < seconds; passed += 1) {
        t.mock.timers.tick(1000);
        await settled();
      }
    },
  };
}

type Watched = ReturnType<typeof aWatch>;

/** It was opened, and the canaries are there. */
async function opened(t: TestContext): Promise<Watched> {
  const watched = aWatch(t);
  await watched.watch.start();
  assert.ok(watched.isOpen());
  return watched;
}

test('watch: who was not looked at is closed', async (t) => {
  const { isOpen, watch } = aWatch(t);
  assert.equal(isOpen(), false);

  await watch.start();

  assert.deepEqual([isOpen(), isOpen('another')], [true, false]);
});

/** Data that others have made. */
function holdingData(t: TestContext, facts = {}): Watched {
  const watched = aWatch(t);
  for (const bucket of EVERY_BUCKET)
    watched.server.values.set(canaryKey('sts.example', bucket), '1 dataset 1800000000');
  watched.server.facts = { ...CALM, ...facts };
  return watched;
}

test('watch: at a start a server that goes on as it did is open at once', async (t) => {
  const { isOpen, watch } = holdingData(t);

  await watch.start();

  assert.equal(isOpen(), true);
});

for (const [name, facts] of Object.entries({
  'was promoted': { second_repl_offset: '7' },
  'was started a moment ago': { uptime_in_seconds: '1' },
}))
  test(`watch: at a start others have a second to write what they know to a server that ${name}`, async (t) => {
    const { isOpen, pass, watch } = holdingData(t, facts);

    const started = watch.start();
    await settled();
    assert.equal(isOpen(), false);
    await pass(1);

    await started;
    assert.equal(isOpen(), true);
  });

for (const name of ['run_id', 'master_replid'] as const)
  test(`watch: another ${name} is another master: fenced until all have written what they know`, async (t) => {
    const { isOpen, pass, seen, server, watch } = await opened(t);
    server.facts = { ...CALM, [name]: 'other' };

    watch.doubt();
    await settled();
    assert.deepEqual([isOpen(), watch.isFenced], [false, true]);
    await pass(1);

    assert.deepEqual([isOpen(), watch.isFenced], [true, false]);
    assert.deepEqual([seen.fences, seen.roleChanges], [[true, false], 1]);
  });

test('watch: a look that fails takes no fence away', async (t) => {
  const { pass, server, watch } = await opened(t);
  server.facts = { ...CALM, run_id: 'other' };
  server.probed = () => ['read', 'something else'];

  watch.doubt();
  await settled();
  await pass(3);

  assert.equal(watch.isFenced, true);
});

test('watch: a doubt that comes during a look is looked into before it opens', async (t) => {
  const { isOpen, server, watch } = await opened(t);
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  server.gate = first.promise;
  watch.doubt();
  await settled();

  watch.doubt();
  server.gate = second.promise;
  first.resolve();
  await settled();
  assert.equal(isOpen(), false);
  second.resolve();
  await settled();

  assert.equal(isOpen(), true);
});

for (const [what, facts] of Object.entries({
  'a replica': { role: 'slave' },
  'one that is loading': { loading: '1' },
}))
  test(`watch: ${what} is closed, and it is asked who is master`, async (t) => {
    const { cluster, isOpen, pass, server, watch } = await opened(t);
    server.facts = { ...CALM, ...facts };

    watch.doubt();
    await settled();
    assert.equal(isOpen(), false);
    assert.equal(cluster.rediscovered, 1);
    server.facts = CALM;
    await pass(1);

    assert.equal(isOpen(), true);
  });

test('watch: what was written and is not read back opens nothing', async (t) => {
  const { isOpen, server, watch } = await opened(t);
  server.probed = () => ['read', 'something else'];

  watch.doubt();
  await settled();

  assert.equal(isOpen(), false);
});

test('watch: a master that no replica follows is closed at the second beat', async (t) => {
  const { isOpen, pass, server } = await opened(t);
  server.replicas = 0;

  await pass(1);
  assert.equal(isOpen(), true);
  await pass(1);

  assert.equal(isOpen(), false);
});

test('watch: a clock that went too far ahead closes at the next beat', async (t) => {
  const { isOpen, pass, server } = await opened(t);
  server.aheadSeconds = 61;

  await pass(1);

  assert.equal(isOpen(), false);
});

for (const [where, lose] of Object.entries({
  'a probe': ({ server }: Watched) => {
    server.probed = () => ['dataset'];
  },
  'a look': ({ server }: Watched) => server.values.clear(),
}))
  test(`watch: ${where} that meets other data closes all of it for good`, async (t) => {
    const watched = await opened(t);
    const { isOpen, pass, seen, server, watch } = watched;
    const [values, probed] = [new Map(server.values), server.probed];
    lose(watched);

    await pass(60);
    Object.assign(server, { values, probed });
    await pass(60);

    assert.deepEqual([isOpen(), watch.isFenced], [false, true]);
    await assert.rejects(watch.probe(), isUnavailable);
    assert.match(seen.alarms.join(), /^STORE_DATASET: [^,]*$/);
  });

test('watch: evicted keys are told once, and what is older cannot be answered for', async (t) => {
  const { pass, seen, server, watch } = await opened(t);
  const began = watch.begunAt ?? 0;
  server.facts = { ...CALM, evicted_keys: '3' };

  await pass(120);

  assert.deepEqual(seen.alarms, ['STORE_EVICTED: the server has evicted 3 keys']);
  assert.ok((watch.begunAt ?? 0) > began);
});

test('watch: a master that is none any more is not open, and who serves what nobody does is asked for', async (t) => {
  const { cluster, isOpen, pass } = await opened(t);
  cluster.masters = ['another'];
  await pass(1);
  assert.deepEqual([isOpen(), isOpen('another')], [false, true]);

  cluster.isCovered = false;
  await pass(1);

  assert.equal(cluster.rediscovered, 1);
});
