// A server that comes back: what it forgot is written again, and while it reads its data it is away, not unfit.
import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { aSetting, FIT, noAlarms, openUnderTest } from '#test/store/redis/redis-under-test.ts';
import { eventually } from '#test/support/eventually.ts';
import {
  createRedisServer,
  type RedisServer,
  redisMissing,
  startRedis,
} from '#test/support/redis/redis-server.ts';

const LONG = 600;
const mark = (id: string) => ({ class: 'once', parts: [id] }) as const;
const tally = (id: string) => ({ class: 'tally', parts: [id] }) as const;
const tombstone = (id: string) => ({ class: 'revoked', parts: [id] }) as const;

/** Returns when so much time has passed: what is kept for less is over. */
async function passed(seconds: number): Promise<void> {
  const end = performance.now() + seconds * 1000;
  await eventually('the time is over', async () => performance.now() > end);
}

/** Kills it when what it is asked for was acknowledged, and starts it as it was before that. */
async function forgetting(
  server: RedisServer,
  acknowledged: () => Promise<void>,
  away: () => Promise<void> = async () => {},
): Promise<void> {
  const [log = '', copy = ''] = ['appendonlydir', 'copy'].map((name) =>
    join(server.directory, name),
  );
  cpSync(log, copy, { recursive: true });
  await acknowledged();
  await server.kill();
  await away();
  rmSync(log, { recursive: true });
  cpSync(copy, log, { recursive: true });
  rmSync(copy, { recursive: true });
  await server.start();
}

describe('Redis, one server that comes back', { skip: redisMissing() }, () => {
  let server: RedisServer;
  before(async () => {
    server = await startRedis({ ...FIT, appendfsync: 'always' });
  });
  after(() => server.dispose());

  it('Row 2: what a killed server forgot of what was acknowledged is written again before the store opens', async (t) => {
    const { store } = await openUnderTest(aSetting([server.port]));
    t.after(() => store.close());

    await forgetting(server, async () => {
      await store.putOnce(mark('used'), 'first', LONG);
      await store.revoke([tombstone('revoked')], LONG);
      await Promise.all([1, 1, 1].map((by) => store.increment(tally('renewals'), by, LONG)));
    });
    await eventually('the store is open again', () => store.health().then(() => true));

    const replay = await store.putOnce(mark('used'), 'second', LONG);
    assert.deepEqual(replay, { stored: false, attempt: 'first' });
    assert.equal(await store.isRevoked([tombstone('revoked')]), true);
    assert.equal(await store.increment(tally('renewals'), 1, LONG), 4);
  });

  it('Row 2: so it is when the server was away for longer than own writes are kept', async (t) => {
    const ringSeconds = 1;
    const { store } = await openUnderTest(aSetting([server.port], { ringSeconds }));
    t.after(() => store.close());

    await forgetting(
      server,
      async () => void (await store.putOnce(mark('used before'), 'first', LONG)),
      () => passed(2 * ringSeconds),
    );
    await eventually('the store is open again', () => store.health().then(() => true));

    const replay = await store.putOnce(mark('used before'), 'second', LONG);
    assert.deepEqual(replay, { stored: false, attempt: 'first' });
  });

  it('Row 10: data that is older than what is written again counts as lost: what is older is refused, and told', async (t) => {
    const seen = noAlarms();
    const opened = await openUnderTest(aSetting([server.port], { ringSeconds: 1 }), seen);
    const { store } = opened;
    t.after(() => store.close());

    let revokedAt = 0;
    await forgetting(server, async () => {
      await store.revoke([tombstone('of long ago')], LONG);
      revokedAt = Date.now() / 1000;
      await passed(3);
      await eventually('the store is open', () => store.health().then(() => true));
    });
    await eventually('the store is open again', () => store.health().then(() => true));

    assert.equal(await store.isRevoked([tombstone('of long ago')]), false);
    assert.ok((opened.begunAt() ?? 0) > revokedAt, 'what is older than the loss is not refused');
    assert.match(seen.alarms.join('\n'), /^STORE_OLD_DATA: [^\n]*$/);
  });

  it('Row 2: a restart without a loss is none', async (t) => {
    const seen = noAlarms();
    const opened = await openUnderTest(aSetting([server.port], { ringSeconds: 1 }), seen);
    const { store } = opened;
    t.after(() => store.close());
    const begunAt = opened.begunAt();
    await passed(3);

    await server.stop();
    await passed(2);
    await server.start();
    await eventually('the store is open again', () => store.health().then(() => true));

    assert.equal(opened.begunAt(), begunAt);
    assert.deepEqual(seen.alarms, []);
    assert.equal(seen.roleChanges, 1);
  });

  it('Row 14: a server that is loading its data does not stop the start; the store opens when it is done', async (t) => {
    const settings = {
      ...FIT,
      'aof-use-rdb-preamble': 'no',
      // Loads slowly, and answers meanwhile.
      'key-load-delay': '1000',
      'loading-process-events-interval-bytes': '1024',
    };
    const slow = await createRedisServer({ settings });
    t.after(() => slow.dispose());
    await slow.start();
    await slow.command('EVAL', "for i = 1, 2000 do redis.call('SET', 'k' .. i, 'v') end", '0');
    await slow.stop();
    const seen = noAlarms();

    const starting = slow.start();
    const { store } = await openUnderTest(aSetting([slow.port]), seen);
    t.after(() => store.close());
    await starting;
    await eventually('the store is open', () => store.health().then(() => true));

    assert.deepEqual(seen.alarms, []);
  });
});
