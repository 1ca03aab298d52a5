// The watch over servers: what it closes for, and what opens it again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnfitStore } from '#src/store/redis/watch/server-facts.ts';
import { isUnavailable } from '#test/store/conformance/under-test.ts';
import { aWatch, CALM, holdingData, opened, settled, type Watched } from './watched-server.ts';

test('watch: who was not looked at is closed', async (t) => {
  const { isOpen, watch } = aWatch(t);
  assert.equal(isOpen(), false);

  await watch.start();

  assert.deepEqual([isOpen(), isOpen('another')], [true, false]);
});

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

for (const [code, facts] of [
  ['STORE_EVICTION_POLICY', { maxmemory_policy: 'volatile-ttl' }],
  ['STORE_PERSISTENCE', { aof_enabled: '0' }],
  ['STORE_VERSION', { redis_version: '6.0.20' }],
  ['STORE_VERSION', { redis_version: '5.9.0' }],
] as const)
  test(`watch: ${code} stops the start: ${Object.values(facts).join()}`, async (t) => {
    const { isOpen, watch } = holdingData(t, facts);

    await assert.rejects(watch.start(), (cause) => {
      assert.ok(cause instanceof UnfitStore);
      assert.deepEqual(
        cause.unfitness.map((one) => one.code),
        [code],
      );
      return true;
    });

    assert.equal(isOpen(), false);
  });

test('watch: STORE_MIN_REPLICAS stops the start where replicas are asked for', async (t) => {
  const { server, watch } = holdingData(t);
  const { min_slaves_good_slaves: _, ...facts } = CALM;
  server.facts = facts;

  await assert.rejects(watch.start(), /^UnfitStore: STORE_MIN_REPLICAS: /);
});

for (const version of ['6.2.0', '7.0.0', '8.4.1'])
  test(`watch: ${version} is new enough`, async (t) => {
    const { isOpen, watch } = holdingData(t, { redis_version: version });

    await watch.start();

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

test('watch: a clock that is too far behind is told, and harms no mark', async (t) => {
  const { isOpen, pass, seen, server, watch } = await opened(t);
  assert.equal(watch.isClockWithinSkew, true);
  server.aheadSeconds = -62;

  await pass(1);

  assert.deepEqual([isOpen(), watch.isClockWithinSkew], [true, false]);
  assert.match(seen.alarms.join(), /^STORE_CLOCK: [^,]*$/);
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
