// Row 14: each reply that a server can give instead of an answer, from a server that gives it. Whatever it is, the operation is
// refused; what passes by itself is served again afterwards, and what needs an operator is told to one.
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import type { StoreKey } from '#core/ports.ts';
import { slotOf } from '#src/store/redis/drivers/hash-slot.ts';
import { createPlaces } from '#src/store/redis/redis-key.ts';
import { replyCode } from '#src/store/redis/reply-meaning.ts';
import { eventually } from '#test/support/eventually.ts';
import { type RedisCluster, startCluster } from '#test/support/redis/cluster.ts';
import {
  createRedisServer,
  type RedisServer,
  redisMissing,
  startRedis,
} from '#test/support/redis/redis-server.ts';
import { aKey, isUnavailable, LONG } from '../conformance/under-test.ts';
import {
  type Alarms,
  aSetting,
  DRIVERS,
  FIT,
  noAlarms,
  openUnderTest,
} from './redis-under-test.ts';

const TENANT = 'sts.example';
const placeOf = createPlaces(TENANT);
const markPlace = (key: StoreKey) => placeOf('putOnce', key).key;

const codesOf = (seen: Alarms): ReadonlySet<string | undefined> =>
  new Set(seen.errors.map((cause) => replyCode(cause)));

type Store = Awaited<ReturnType<typeof openUnderTest>>['store'];

const isServed = async (store: Store): Promise<boolean> =>
  (await store.putOnce(aKey('once'), 'a', LONG)).stored;

/** Writes until the store has met the reply; none of them may have counted as an answer it did not get. */
async function meets(store: Store, seen: Alarms, code: string): Promise<void> {
  await eventually(`the store meets ${code}`, async () => {
    await store.putOnce(aKey('once'), 'a', LONG).catch((cause: unknown) => {
      assert.ok(isUnavailable(cause));
    });
    return codesOf(seen).has(code);
  });
}

for (const driver of DRIVERS)
  describe(`Row 14: replies of one server, ${driver}`, { skip: redisMissing() }, () => {
    async function opened(t: TestContext, server: RedisServer, overrides = {}) {
      const seen = noAlarms();
      const { store } = await openUnderTest(
        aSetting([server.port], { driver, ...overrides }),
        seen,
      );
      t.after(() => store.close());
      await eventually('the store serves', () => isServed(store));
      return { store, seen };
    }

    async function aServer(t: TestContext, settings = {}): Promise<RedisServer> {
      const server = await startRedis({ ...FIT, ...settings });
      t.after(() => server.dispose());
      return server;
    }

    it('BUSY: refused while a script of somebody else runs, served afterwards', async (t) => {
      const server = await aServer(t, { 'busy-reply-threshold': '1' });
      const { seen, store } = await opened(t, server);

      const endless = server.command('EVAL', 'while true do end', '0').catch(() => undefined);
      await meets(store, seen, 'BUSY');
      await server.command('SCRIPT', 'KILL');
      await endless;

      await eventually('the store serves again', () => isServed(store));
    });

    it('LOADING: refused while the server reads its data, served afterwards', async (t) => {
      const server = await aServer(t, {
        'aof-use-rdb-preamble': 'no',
        'key-load-delay': '1500',
        'loading-process-events-interval-bytes': '1024',
      });
      const { seen, store } = await opened(t, server);
      await server.command('EVAL', "for i = 1, 1500 do redis.call('SET', 'k' .. i, 'v') end", '0');

      await server.stop();
      const starting = server.start();
      let hasLoaded = false;
      const loading = eventually('it says so', async () => {
        hasLoaded ||= /loading:1/.test(String(await server.command('INFO', 'persistence')));
        return hasLoaded;
      });
      await loading;
      await assert.rejects(store.putOnce(aKey('once'), 'a', LONG), isUnavailable);
      await starting;

      await eventually('the store serves again', () => isServed(store));
      assert.deepEqual(seen.alarms, []);
    });

    it('READONLY: refused by a master that became a replica, served when it is master again', async (t) => {
      const other = await aServer(t);
      const server = await aServer(t);
      const { seen, store } = await opened(t, server);

      await server.command('REPLICAOF', '127.0.0.1', String(other.port));
      await meets(store, seen, 'READONLY');
      await assert.rejects(store.isRevoked([aKey('revoked')]), isUnavailable);
      await server.command('REPLICAOF', 'NO', 'ONE');

      // Perhaps it has taken over the emptiness of the other: then its data is not ours any more.
      await eventually('it serves, or knows that the data is gone', async () => {
        if (seen.alarms.some((alarm) => alarm.startsWith('STORE_DATASET: '))) return true;
        return isServed(store);
      });
    });

    it('MASTERDOWN: a replica that lost its master answers nothing', async (t) => {
      const server = await aServer(t, { 'replica-serve-stale-data': 'no' });
      const { seen, store } = await opened(t, server);
      const key = aKey('revoked');
      await store.revoke([key], LONG);

      await server.command('REPLICAOF', '127.0.0.1', '1');
      await eventually('the store meets MASTERDOWN', async () => {
        await assert.rejects(store.isRevoked([key]), isUnavailable);
        return codesOf(seen).has('MASTERDOWN');
      });
      await server.command('REPLICAOF', 'NO', 'ONE');

      await eventually('the store serves again', () => store.isRevoked([key]));
    });

    it('NOREPLICAS: refused, and closed for reads too, until a replica is back', async (t) => {
      const server = await aServer(t, {
        'min-replicas-to-write': '1',
        'min-replicas-max-lag': '10',
        'repl-diskless-sync-delay': '0',
      });
      const replica = await createRedisServer({
        settings: { ...FIT, replicaof: `127.0.0.1 ${server.port}` },
      });
      t.after(() => replica.dispose());
      await replica.start();
      const { seen, store } = await opened(t, server, { minReplicas: 1 });

      await replica.kill();
      await meets(store, seen, 'NOREPLICAS');
      await assert.rejects(store.isRevoked([aKey('revoked')]), isUnavailable);
      await replica.start();

      await eventually('the store serves again', () => isServed(store));
    });

    it('OOM: a full server refuses marks and forgets none', async (t) => {
      const server = await aServer(t);
      const { seen, store } = await opened(t, server);
      const key = aKey('once');
      await store.putOnce(key, 'first', LONG);

      await server.command('CONFIG', 'SET', 'maxmemory', '1mb');
      await meets(store, seen, 'OOM');
      await server.command('CONFIG', 'SET', 'maxmemory', '0');

      await eventually('the store serves again', () => isServed(store));
      assert.deepEqual(await store.putOnce(key, 'second', LONG), {
        stored: false,
        attempt: 'first',
      });
    });

    it('NOAUTH: closed and an alarm when the server asks for a password', async (t) => {
      const server = await aServer(t);
      const { seen, store } = await opened(t, server);

      // On one connection: the next one would have to know the password.
      const operator = new Redis({ port: server.port });
      t.after(() => operator.disconnect());
      await operator.config('SET', 'requirepass', 'other');
      await operator.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      await meets(store, seen, 'NOAUTH');

      await assert.rejects(store.health(), isUnavailable);
      assert.match(seen.alarms.join('\n'), /^STORE_REFUSED: NOAUTH/m);
    });

    it('WRONGPASS: closed when the password is another one', async (t) => {
      const server = await aServer(t, { requirepass: 'right' });
      const seen = noAlarms();
      const { store } = await openUnderTest(
        aSetting([server.port], { driver, credentials: { password: 'wrong' } }),
        seen,
      );
      t.after(() => store.close());

      await assert.rejects(store.putOnce(aKey('once'), 'a', LONG), isUnavailable);
      assert.ok(codesOf(seen).has('WRONGPASS'));
    });

    it('NOPERM: refused and an alarm when a right was taken away', async (t) => {
      const server = await aServer(t, {
        user: ['viaduct on >secret ~* &* +@all', 'default on nopass ~* &* +@all'],
      });
      const credentials = { username: 'viaduct', password: 'secret' };
      const { seen, store } = await opened(t, server, { credentials });

      await server.command('ACL', 'SETUSER', 'viaduct', '-evalsha', '-eval');
      await meets(store, seen, 'NOPERM');

      await assert.rejects(store.health(), isUnavailable);
      assert.match(seen.alarms.join('\n'), /^STORE_REFUSED: NOPERM/m);
      await server.command('ACL', 'SETUSER', 'viaduct', '+evalsha', '+eval');
      await eventually('the store serves again', () => isServed(store));
    });

    it('WRONGTYPE: refused and an alarm where something else lies under a key of ours', async (t) => {
      const server = await aServer(t);
      const { seen, store } = await opened(t, server);
      const key = aKey('once');
      await server.command('RPUSH', markPlace(key), 'not ours');

      await assert.rejects(store.putOnce(key, 'a', LONG), isUnavailable);

      assert.ok(codesOf(seen).has('WRONGTYPE'));
      assert.match(seen.alarms.join('\n'), /^STORE_REFUSED: WRONGTYPE/m);
      assert.equal(await server.command('TYPE', markPlace(key)), 'list');
      await eventually('other keys are served', () => isServed(store));
    });
  });

for (const driver of DRIVERS)
  describe(`Row 14: replies of a cluster, ${driver}`, { skip: redisMissing() }, () => {
    let cluster: RedisCluster;
    let store: Store;
    const seen = noAlarms();
    const settingsOf = ({ nodes }: RedisCluster) =>
      aSetting(
        nodes.map(({ port }) => port),
        { driver, topology: { mode: 'cluster' } },
      );
    before(async () => {
      cluster = await startCluster(FIT);
      ({ store } = await openUnderTest(settingsOf(cluster), seen));
      await eventually('every shard serves', async () => {
        await Promise.all(Array.from({ length: 60 }, () => isServed(store)));
        return true;
      });
    });
    after(async () => {
      await store.close();
      await cluster.dispose();
    });

    /** The slot of a key, the master that has it, and another one. */
    async function slotOfKey(key: StoreKey) {
      const name = markPlace(key);
      const from = await cluster.masterOf(name);
      const to = (await cluster.masters()).find((node) => node !== from);
      assert.ok(to);
      const [fromId, toId] = await Promise.all(
        [from, to].map(async (node) => String(await node.command('CLUSTER', 'MYID'))),
      );
      return { slot: String(slotOf(name)), from, to, fromId, toId };
    }

    type Slot = Awaited<ReturnType<typeof slotOfKey>>;

    async function beginMove({ from, fromId, slot, to, toId }: Slot): Promise<void> {
      await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId ?? '');
      await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId ?? '');
    }

    async function moveKeys({ from, slot, to }: Slot): Promise<void> {
      const names = await from.command('CLUSTER', 'GETKEYSINSLOT', slot, '1000');
      if (!Array.isArray(names) || names.length === 0) return;
      const move = ['MIGRATE', '127.0.0.1', String(to.port), '', '0', '1000', 'KEYS'];
      await from.command(...move, ...names.map(String));
    }

    async function endMove({ from, slot, to, toId }: Slot): Promise<void> {
      for (const node of [to, from, ...(await cluster.masters())])
        await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', toId ?? '');
    }

    it('TRYAGAIN and ASK: a key is refused while its slot moves; MOVED: then it is found where it went', async () => {
      const [used, fresh] = [aKey('once'), aKey('once')].map((key) => ({ ...key, tag: 'same' }));
      assert.ok(used && fresh);
      const moving = await slotOfKey(fresh);
      await store.putOnce(used, 'first', LONG);

      await beginMove(moving);
      await assert.rejects(store.putOnce(fresh, 'a', LONG), isUnavailable);
      assert.ok(codesOf(seen).has('TRYAGAIN'));
      await moveKeys(moving);
      await assert.rejects(store.putOnce(fresh, 'a', LONG), isUnavailable);
      assert.ok(codesOf(seen).has('ASK'));
      await endMove(moving);

      assert.deepEqual(await store.putOnce(used, 'second', LONG), {
        stored: false,
        attempt: 'first',
      });
      assert.deepEqual(await store.putOnce(fresh, 'a', LONG), { stored: true });
      assert.deepEqual(seen.alarms, []);
      assert.equal(seen.roleChanges, 0, 'a slot that moves is no change of master');
    });

    it('ASK: a process that starts while a slot moves serves its keys once it has moved', async (t) => {
      const key = aKey('once');
      await store.putOnce(key, 'first', LONG);
      const moving = await slotOfKey(key);
      await beginMove(moving);
      await moveKeys(moving);
      const told = noAlarms();
      const late = await openUnderTest(settingsOf(cluster), told);
      t.after(() => late.store.close());
      await assert.rejects(late.store.putOnce(key, 'second', LONG), isUnavailable);
      await eventually('the servers of other slots are open', () =>
        late.store.health().then(() => true),
      );

      await endMove(moving);
      await eventually('the key is served', async () => {
        const { stored } = await late.store.putOnce(key, 'second', LONG);
        assert.equal(stored, false);
        return true;
      });

      assert.deepEqual(told.alarms, []);
      assert.equal(late.isFenced(), false);
    });

    it('CLUSTERDOWN: refused while a slot of the key is served by nobody, and others are served', async () => {
      const key = aKey('once');
      const { from, fromId, slot } = await slotOfKey(key);
      for (const node of cluster.nodes)
        await node.command('CONFIG', 'SET', 'cluster-require-full-coverage', 'no');

      for (const node of await cluster.masters()) await node.command('CLUSTER', 'DELSLOTS', slot);
      await eventually('the store meets CLUSTERDOWN', async () => {
        await assert.rejects(store.putOnce(key, 'a', LONG), isUnavailable);
        return codesOf(seen).has('CLUSTERDOWN');
      });
      await eventually('others are served', () => isServed(store));
      await from.command('CLUSTER', 'ADDSLOTS', slot);
      assert.equal(String(await from.command('CLUSTER', 'MYID')), fromId);

      await eventually('it is served again', async () => {
        return (await store.putOnce(key, 'a', LONG)).stored;
      });
    });
  });
