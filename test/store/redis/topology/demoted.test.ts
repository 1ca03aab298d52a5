// A server that is made a replica under an open connection, as where an address moves to another one: what was revoked there it
// may not know.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aKey, isUnavailable, LONG } from '#test/store/conformance/under-test.ts';
import { aSetting, DRIVERS, FIT, openUnderTest } from '#test/store/redis/redis-under-test.ts';
import { eventually } from '#test/support/eventually.ts';
import { type RedisServer, redisMissing, startRedis } from '#test/support/redis/redis-server.ts';

/** The store asks for the time with each of its beats, of which sixty lie between two looks. */
async function beatsOf(server: RedisServer): Promise<number> {
  const text = String(await server.command('INFO', 'commandstats'));
  return Number(/cmdstat_time:calls=(\d+)/.exec(text)?.[1] ?? 0);
}

describe('Redis, a server that is made a replica', { skip: redisMissing() }, () => {
  for (const driver of DRIVERS)
    it(`Row 14: its reads are closed within a few beats, also where no replica is asked for (${driver})`, async (t) => {
      const server = await startRedis(FIT);
      t.after(() => server.dispose());
      const other = await startRedis({ ...FIT, replicaof: `127.0.0.1 ${server.port}` });
      t.after(() => other.dispose());
      const { store } = await openUnderTest(aSetting([server.port], { driver, minReplicas: 0 }));
      t.after(() => store.close());
      await store.revoke([aKey('revoked')], LONG);
      await eventually('the other one has all of it', async () =>
        String(await other.command('INFO', 'replication')).includes('master_link_status:up'),
      );

      await other.command('REPLICAOF', 'NO', 'ONE');
      await server.command('REPLICAOF', '127.0.0.1', String(other.port));
      const before = await beatsOf(server);
      await eventually('a read is refused', () =>
        store.isRevoked([aKey('revoked')]).then(() => false, isUnavailable),
      );

      assert.ok((await beatsOf(server)) - before < 10, 'only a look has told');
    });
});
