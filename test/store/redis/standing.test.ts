// What stands already is written again before it is an answer. WAIT waits for what its connection wrote: since Redis 7.2 for nothing where
// that was nothing, and a write that was refused because no replica had it would count when it is asked for again.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { StoreKey } from '#core/ports.ts';
import { createPlaces } from '#src/store/redis/redis-key.ts';
import type { RedisStore } from '#src/store/redis/redis-store.ts';
import type { StoreVerb } from '#src/store/store-verb.ts';
import { aKey, LONG, SHORT } from '#test/store/conformance/under-test.ts';
import { aSetting, FIT, openUnderTest } from '#test/store/redis/redis-under-test.ts';
import { eventually } from '#test/support/eventually.ts';
import {
  createRedisServer,
  type RedisServer,
  redisMissing,
  startRedis,
} from '#test/support/redis/redis-server.ts';

const placeOf = createPlaces('sts.example');
const step = { from: '', to: 'one' };

interface Standing {
  readonly verb: StoreVerb;
  readonly key: StoreKey;
  readonly write: (store: RedisStore) => Promise<unknown>;
  readonly again: (store: RedisStore) => Promise<unknown>;
  readonly answer: unknown;
}

const [mark, own, tombstone, family] = [
  aKey('once'),
  aKey('once'),
  aKey('revoked'),
  aKey('rotation'),
];

const CASES: Readonly<Record<string, Standing>> = {
  'a mark of another attempt': {
    verb: 'putOnce',
    key: mark,
    write: (store) => store.putOnce(mark, 'first', LONG),
    again: (store) => store.putOnce(mark, 'second', LONG),
    answer: { stored: false, attempt: 'first' },
  },
  'a mark of the same attempt': {
    verb: 'putOnce',
    key: own,
    write: (store) => store.putOnce(own, 'first', LONG),
    again: (store) => store.putOnce(own, 'first', LONG),
    answer: { stored: false, attempt: 'first' },
  },
  'a tombstone that lives longer': {
    verb: 'revoke',
    key: tombstone,
    write: (store) => store.revoke([tombstone], LONG),
    again: (store) => store.revoke([tombstone], SHORT),
    answer: undefined,
  },
  'a step that was taken': {
    verb: 'rotate',
    key: family,
    write: (store) => store.rotate(family, step, LONG),
    again: (store) => store.rotate(family, step, SHORT),
    answer: 'repeated',
  },
};

describe('Redis, what stands already', { skip: redisMissing() }, () => {
  let server: RedisServer;
  let replica: RedisServer;
  let store: RedisStore;
  before(async () => {
    // Nothing but what is written moves the offset.
    const quiet = { 'repl-ping-replica-period': '3600', 'repl-diskless-sync-delay': '0' };
    server = await startRedis({ ...FIT, ...quiet });
    const settings = { ...FIT, replicaof: `127.0.0.1 ${server.port}` };
    replica = await createRedisServer({ settings });
    await replica.start();
    ({ store } = await openUnderTest(aSetting([server.port])));
    await eventually('the replica is there', async () =>
      /slave0:.*state=online/.test(String(await server.command('INFO', 'replication'))),
    );
  });
  after(async () => {
    await store.close();
    await Promise.all([server.dispose(), replica.dispose()]);
  });

  async function offset(): Promise<number> {
    const text = String(await server.command('INFO', 'replication'));
    return Number(/master_repl_offset:(\d+)/.exec(text)?.[1]);
  }

  for (const [name, { again, answer, key, verb, write }] of Object.entries(CASES))
    it(`${name} is written again, with its life as it was`, async () => {
      await write(store);
      const place = placeOf(verb, key).key;
      const left = Number(await server.command('PTTL', place));
      const before = await offset();

      assert.deepEqual(await again(store), answer);

      assert.ok((await offset()) > before, 'a replica is told of it');
      const still = Number(await server.command('PTTL', place));
      assert.ok(still <= left && still > SHORT * 1000);
    });
});
