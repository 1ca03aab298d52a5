// A replica whose clock is ahead becomes master: what it holds ends too early, by its clock. Marks live longer than what they
// guard against by twice the skew that is allowed, and a server beyond that is not used.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createPlaces } from '#src/store/redis/redis-key.ts';
import { aKey, isUnavailable } from '#test/store/conformance/under-test.ts';
import {
  aSetting,
  DRIVERS,
  FIT,
  noAlarms,
  openUnderTest,
} from '#test/store/redis/redis-under-test.ts';
import { eventually } from '#test/support/eventually.ts';
import {
  createRedisServer,
  faketimeMissing,
  type RedisServer,
  redisMissing,
  startRedis,
} from '#test/support/redis/redis-server.ts';
import { startTcpProxy } from '#test/support/redis/tcp-proxy.ts';

const SKEW_SECONDS = 60;
/** How long what the mark guards against is good. */
const WINDOW_SECONDS = 300;

/** A store at an address that first leads to a master, and then to its replica, whose clock is ahead. */
async function promotedAhead(t: TestContext, clockAheadSeconds: number) {
  const master = await startRedis(FIT);
  const settings = {
    ...FIT,
    replicaof: `127.0.0.1 ${master.port}`,
    'repl-diskless-sync-delay': '0',
  };
  const replica = await createRedisServer({ settings, clockAheadSeconds });
  t.after(() => Promise.all([master.dispose(), replica.dispose()]));
  await replica.start();
  const address = await startTcpProxy(master.port);
  const seen = noAlarms();
  const { store } = await openUnderTest(
    aSetting([address.port], { maxSkewSeconds: SKEW_SECONDS }),
    seen,
  );
  t.after(() => store.close());
  await eventually('the store is open', () => store.health().then(() => true));
  const key = aKey('once');
  await store.putOnce(key, 'first', WINDOW_SECONDS + 2 * SKEW_SECONDS);
  const name = createPlaces('sts.example')('putOnce', key).key;
  await eventually('the replica has it', async () => (await replica.command('EXISTS', name)) === 1);

  await master.kill();
  await address.close();
  await replica.command('REPLICAOF', 'NO', 'ONE');
  const moved = await startTcpProxy(replica.port, address.port);
  t.after(() => moved.close());
  return { key, name, replica, seen, store };
}

/** Takes time from the life of a key, as if it had passed. */
async function pass(server: RedisServer, name: string, seconds: number): Promise<void> {
  const left = Number(await server.command('PTTL', name));
  await server.command('PEXPIRE', name, String(left - seconds * 1000));
}

describe('Row 17: the clock of a promoted replica is ahead', {
  skip: redisMissing() || faketimeMissing(),
}, () => {
  it('Row 17: within the skew a replay at the end of the window is refused, and there is an alarm', async (t) => {
    const { key, name, replica, seen, store } = await promotedAhead(t, 40);
    await eventually('the store serves', () => store.health().then(() => true));

    await pass(replica, name, WINDOW_SECONDS);
    const replay = await store.putOnce(key, 'second', WINDOW_SECONDS);

    assert.deepEqual(replay, { stored: false, attempt: 'first' });
    assert.match(seen.alarms.join('\n'), /^STORE_CLOCK: the clock of the store is (39|40)\.\d s/m);
  });

  it('Row 17: beyond the skew it is not used at all', async (t) => {
    const { key, seen, store } = await promotedAhead(t, 90);

    await eventually('it is closed for its clock', async () => {
      const closed = /clock of the server is too far ahead/;
      await assert.rejects(store.putOnce(key, 'second', WINDOW_SECONDS), closed);
      return true;
    });

    assert.match(seen.alarms.join('\n'), /^STORE_CLOCK: /m);
    await assert.rejects(store.isMarked(key), isUnavailable);
  });
});

describe('Row 17: the clock of the server is set while it is in use', {
  skip: redisMissing() || faketimeMissing(),
}, () => {
  for (const driver of DRIVERS)
    for (const [name, from, to] of [
      ['ahead, and right again', 0, 300],
      ['right, after it was behind', -300, 0],
    ] as const)
      it(`Row 17: ${name}: what ended too early counts as lost (${driver})`, async (t) => {
        const server = await createRedisServer({ settings: FIT, clockAheadSeconds: from });
        t.after(() => server.dispose());
        await server.start();
        const seen = noAlarms();
        const settings = aSetting([server.port], { driver });
        const opened = await openUnderTest(settings, seen);
        const { store } = opened;
        t.after(() => store.close());
        const key = aKey('once');
        await store.putOnce(key, 'first', WINDOW_SECONDS - 2 * SKEW_SECONDS);
        const markedAt = Date.now() / 1000;

        server.setClockAhead(to);
        await eventually('it is noticed', async () => /went/.test(seen.alarms.join('\n')));
        server.setClockAhead(0);
        await eventually('the store serves', () => store.health().then(() => true));

        assert.deepEqual(await store.putOnce(key, 'second', WINDOW_SECONDS), { stored: true });
        assert.ok((opened.begunAt() ?? 0) > markedAt, 'what is older than the step is not refused');
        assert.match(
          seen.alarms.join('\n'),
          /^STORE_CLOCK: the clock of the store went \d+\.\d s ahead/m,
        );
      });
});
