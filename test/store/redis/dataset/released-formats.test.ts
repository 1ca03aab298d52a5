// What earlier releases wrote is read by this one. The texts below are what stands in Redis: they are never changed, and a
// new format gets its own beside them.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { StoreKey } from '#core/ports.ts';
import type { RedisStore } from '#src/store/redis/redis-store.ts';
import { isUnavailable, LONG } from '#test/store/conformance/under-test.ts';
import { aSetting, FIT, openUnderTest } from '#test/store/redis/redis-under-test.ts';
import { type RedisServer, redisMissing, startRedis } from '#test/support/redis/redis-server.ts';

const key = (stateClass: StoreKey['class'], id: string): StoreKey => ({
  class: stateClass,
  parts: ['https://issuer.example', id],
});

/** Names as format 1 makes them. */
const FORMAT_1 = {
  once: ['sts:sts.example:once:{a8}:qL7C6NDwIrJIv7JMhPBFf59q8dSYDcPIcTw3hrqmJrk', '1 attempt%201'],
  grant: [
    'sts:sts.example:grant:{a8}:qL7C6NDwIrJIv7JMhPBFf59q8dSYDcPIcTw3hrqmJrk',
    '1 \n{"of":"format 1"}\n',
  ],
  ledger: [
    'sts:sts.example:ledger:{a8}:qL7C6NDwIrJIv7JMhPBFf59q8dSYDcPIcTw3hrqmJrk',
    '1 \n{"v":1}',
  ],
  revoked: [
    'sts:sts.example:revoked:{a8}:qL7C6NDwIrJIv7JMhPBFf59q8dSYDcPIcTw3hrqmJrk',
    '1 revoked',
  ],
  rotation: [
    'sts:sts.example:rotation:{a8}:qL7C6NDwIrJIv7JMhPBFf59q8dSYDcPIcTw3hrqmJrk',
    '1 one two%20',
  ],
} as const;

/** What counts has no version: a number that Redis adds to, and a key whose rest of life is the level. */
const COUNTED = {
  counter: ['sts:sts.example:counter:{a8}:qL7C6NDwIrJIv7JMhPBFf59q8dSYDcPIcTw3hrqmJrk', '3'],
  bucket: ['sts:sts.example:bucket:{a8}:qL7C6NDwIrJIv7JMhPBFf59q8dSYDcPIcTw3hrqmJrk', '1 '],
} as const;

const DATASET = 'f0c7a3de-0000-4000-8000-0123456789ab';

describe('Redis, released formats', { skip: redisMissing() }, () => {
  let server: RedisServer;
  let store: RedisStore;
  before(async () => {
    server = await startRedis(FIT);
    ({ store } = await openUnderTest(aSetting([server.port])));
    for (const [name, text] of Object.values({ ...FORMAT_1, ...COUNTED }))
      await server.command('SET', name, text, 'PX', String(LONG * 1000));
  });
  after(async () => {
    await store.close();
    await server.dispose();
  });

  it('reads a mark of format 1', async () => {
    const answer = await store.putOnce(key('once', 'id'), 'another', LONG);

    assert.deepEqual(answer, { stored: false, attempt: 'attempt 1' });
  });

  it('reads a value of format 1', async () => {
    assert.equal(await store.get(key('grant', 'id')), '{"of":"format 1"}\n');
  });

  it('reads a ledger entry and a tombstone of format 1', async () => {
    assert.equal(await store.get(key('ledger', 'id')), '{"v":1}');
    assert.equal(await store.isRevoked([key('revoked', 'id')]), true);
  });

  it('goes on with a rotation of format 1', async () => {
    assert.equal(
      await store.rotate(key('rotation', 'id'), { from: 'one', to: 'two ' }, LONG),
      'repeated',
    );
    assert.equal(
      await store.rotate(key('rotation', 'id'), { from: 'two ', to: 'three' }, LONG),
      'rotated',
    );
  });

  it('goes on with a counter and a rate limit of format 1', async () => {
    const fills = [{ key: key('bucket', 'id'), milliseconds: 1, mostMilliseconds: 9000 }];

    assert.equal(await store.increment(key('counter', 'id'), 1, LONG), 4);
    assert.deepEqual(await store.fillBuckets(fills), [9000]);
  });

  it('knows the dataset, and since when it remembers, by canaries of format 1', async (t) => {
    for (let bucket = 0; bucket < 256; bucket += 1) {
      const tag = bucket.toString(16).padStart(2, '0');
      await server.command('SET', `sts:sts.older:dataset:{${tag}}`, `1 ${DATASET} 1800000000`);
    }

    const older = await openUnderTest(aSetting([server.port], { tenant: 'sts.older' }));
    t.after(() => older.store.close());

    assert.equal((await older.store.health()).datasetId, DATASET);
    assert.equal(older.begunAt(), 1_800_000_000);
  });

  it('writes format 1 to the letter: who changes it adds the texts of a new one', async (t) => {
    const settings = aSetting([server.port], { tenant: 'sts.fresh' });
    const { store: fresh } = await openUnderTest(settings);
    t.after(() => fresh.close());

    await fresh.putOnce(key('once', 'id'), 'attempt 1', LONG);
    await fresh.set(key('grant', 'id'), '{"of":"format 1"}\n', LONG);
    await fresh.set(key('ledger', 'id'), '{"v":1}', LONG);
    await fresh.revoke([key('revoked', 'id')], LONG);
    await fresh.rotate(key('rotation', 'id'), { from: '', to: 'one' }, LONG);
    await fresh.rotate(key('rotation', 'id'), { from: 'one', to: 'two ' }, LONG);
    await fresh.increment(key('counter', 'id'), 3, LONG);
    const amounts = { milliseconds: LONG * 1000, mostMilliseconds: LONG * 1000 };
    await fresh.fillBuckets([{ key: key('bucket', 'id'), ...amounts }]);

    for (const [name, text] of Object.values({ ...FORMAT_1, ...COUNTED })) {
      const written = await server.command('GET', name.replace('sts.example', 'sts.fresh'));
      assert.equal(written, text, name);
    }
    const canary = await server.command('GET', 'sts:sts.fresh:dataset:{a8}');
    assert.match(String(canary), /^1 [0-9a-f-]{36} \d{10}$/);
  });

  it('refuses what a later release wrote, and does not write over it', async () => {
    const later = Object.values(FORMAT_1).map(
      ([name, text]) => [name, `2${text.slice(1)}`] as const,
    );
    for (const [name, text] of later) await server.command('SET', name, text);

    await assert.rejects(store.putOnce(key('once', 'id'), 'mine', LONG), isUnavailable);
    await assert.rejects(store.get(key('grant', 'id')), isUnavailable);
    await assert.rejects(store.set(key('grant', 'id'), 'mine', LONG), isUnavailable);
    await assert.rejects(
      store.rotate(key('rotation', 'id'), { from: 'one', to: 'four' }, LONG),
      isUnavailable,
    );
    assert.equal(await store.isRevoked([key('revoked', 'id')]), true);
    for (const [name, text] of later) assert.equal(await server.command('GET', name), text);
  });
});
