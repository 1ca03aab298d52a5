import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { storeKeyText } from '#src/store/store-key.ts';
import { type FakeClock, fakeClock } from '#test/support/fake-clock.ts';
import { aKey, isUnavailable } from '../conformance/under-test.ts';
import { aStoreDirectory, type StoreDirectory } from '../store-directory.ts';

const LONG = 600;
const SHORT = 2;
const SWEEP_ROWS = 500;

describe('SqliteStore', () => {
  let directory: StoreDirectory;
  let clock: FakeClock;
  beforeEach(() => {
    directory = aStoreDirectory();
    clock = fakeClock();
  });
  afterEach(() => directory.dispose());

  const rowsIn = (database: DatabaseSync, table: string): unknown =>
    database.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.['rows'];

  it('counts every kind as there until the second of its end, and as absent from it on', async () => {
    const { store } = directory.open({ clock });
    const keys = {
      once: aKey('once'),
      revoked: aKey('revoked'),
      rotation: aKey('rotation'),
      grant: aKey('grant'),
      counter: aKey('counter'),
    };
    await store.putOnce(keys.once, 'first', 10);
    await store.revoke([keys.revoked], 10);
    await store.rotate(keys.rotation, { from: '', to: 'one' }, 10);
    await store.set(keys.grant, 'value', 10);
    await store.increment(keys.counter, 1, 10);
    const look = async (): Promise<unknown> => ({
      isMarked: await store.isMarked(keys.once),
      stored: (await store.putOnce(keys.once, 'again', 10)).stored,
      isRevoked: await store.isRevoked([keys.revoked]),
      step: await store.rotate(keys.rotation, { from: '', to: 'other' }, 10),
      value: await store.get(keys.grant),
      sum: await store.increment(keys.counter, 0, 10),
    });

    clock.advance(9);
    const there = {
      isMarked: true,
      stored: false,
      isRevoked: true,
      step: 'conflict',
      value: 'value',
    };
    assert.deepEqual(await look(), { ...there, sum: 1 });
    clock.advance(1);
    const absent = {
      isMarked: false,
      stored: true,
      isRevoked: false,
      step: 'rotated',
      value: undefined,
    };
    assert.deepEqual(await look(), { ...absent, sum: 0 });
    assert.equal(await store.increment(keys.counter, 1, 10), 1);
  });

  it('keeps what lives for a part of a second longer no less than that', async () => {
    const { store } = directory.open({ clock });
    const key = aKey('once');
    await store.putOnce(key, 'first', 1.5);

    clock.advance(1);

    assert.equal(await store.isMarked(key), true);
  });

  it('tells a sum while another process writes: who only asks waits for nobody', async () => {
    directory.open();
    const { store, database } = directory.openReachable({ clock });
    const [key, other] = [aKey('counter'), directory.connect()];
    await store.increment(key, 3, LONG);
    other.exec('BEGIN IMMEDIATE');

    assert.equal(await store.increment(key, 0, LONG), 3);
    assert.equal(await store.increment(aKey('counter'), 0, LONG), 0);

    other.exec('ROLLBACK');
    assert.equal(rowsIn(database, 'counter'), 1);
  });

  it('puts the error of a value that is too long on its own caller', async () => {
    const { store } = directory.open({ clock });
    const [before, after] = [aKey('grant'), aKey('grant')];

    const results = await Promise.allSettled([
      store.set(before, 'before', LONG),
      store.set(aKey('grant'), 'x'.repeat(2_000_000), LONG),
      store.set(after, 'after', LONG),
    ]);

    const statuses = results.map(({ status }) => status);
    assert.deepEqual(statuses, ['fulfilled', 'rejected', 'fulfilled']);
    assert.equal(await store.get(before), 'before');
    assert.equal(await store.get(after), 'after');
  });

  it('closes when the disk is full, still answers reads, and recovers with room', async () => {
    directory.open();
    const { store, database } = directory.openReachable({ clock });
    const key = aKey('grant');
    await store.set(key, 'value', LONG);
    const pages = Number(database.prepare('PRAGMA page_count').get()?.['page_count']);
    database.exec(`PRAGMA max_page_count = ${pages}`);

    const values = Array.from({ length: 50 }, () => 'x'.repeat(10_000));
    const results = await Promise.allSettled(
      values.map((value) => store.set(aKey('grant'), value, LONG)),
    );
    assert.ok(results.some(({ status }) => status === 'rejected'));
    for (const result of results) {
      if (result.status === 'rejected') assert.ok(isUnavailable(result.reason));
    }
    assert.equal(await store.get(key), 'value');

    database.exec('PRAGMA max_page_count = 100000');
    await assert.doesNotReject(store.putOnce(aKey('once'), 'a', LONG));
  });

  it('closes when the file is read-only, still answers reads, and says so in health', async () => {
    const key = aKey('grant');
    await directory.open({ clock }).store.set(key, 'value', LONG);
    const { store } = directory.openReachable({ clock, isReadOnly: true });

    await assert.rejects(store.putOnce(aKey('once'), 'a', LONG), isUnavailable);
    await assert.rejects(store.revoke([aKey('revoked')], LONG), isUnavailable);
    await assert.rejects(store.health(), isUnavailable);
    assert.equal(await store.get(key), 'value');
  });

  it('closes when the file is damaged under it', async () => {
    const { store } = directory.open({ clock });
    directory.connect().exec('DROP TABLE stored_value; DROP TABLE tombstone');

    await assert.rejects(store.get(aKey('grant')), isUnavailable);
    await assert.rejects(store.isRevoked([aKey('revoked')]), isUnavailable);
    await assert.rejects(store.set(aKey('grant'), 'value', LONG), isUnavailable);
  });

  it('refuses to guess at a value in the form of a later release', async () => {
    const { store } = directory.open({ clock });
    const [grant, family, mark] = [aKey('grant'), aKey('rotation'), aKey('once')];
    await store.set(grant, 'value', LONG);
    await store.rotate(family, { from: '', to: 'one' }, LONG);
    await store.putOnce(mark, 'first', LONG);
    const later = directory.connect();
    for (const table of ['stored_value', 'rotation', 'once']) {
      later.exec(`UPDATE ${table} SET version = 99`);
    }

    await assert.rejects(store.get(grant), isUnavailable);
    await assert.rejects(store.rotate(family, { from: 'one', to: 'two' }, LONG), isUnavailable);
    // A mark says all by being there, in whatever form.
    assert.equal((await store.putOnce(mark, 'second', LONG)).stored, false);
  });

  it('writes a version with every value', async () => {
    const { store } = directory.open({ clock });
    await store.putOnce(aKey('once'), 'a', LONG);
    await store.revoke([aKey('revoked')], LONG);
    await store.rotate(aKey('rotation'), { from: '', to: 'one' }, LONG);
    await store.set(aKey('grant'), 'value', LONG);
    await store.increment(aKey('counter'), 1, LONG);

    const reader = directory.connect();
    for (const table of ['once', 'tombstone', 'rotation', 'stored_value', 'counter']) {
      const rows = reader.prepare(`SELECT version FROM ${table}`).all();
      assert.deepEqual(
        rows.map((row) => row['version']),
        [1],
        table,
      );
    }
  });

  it('keeps no id in clear', async () => {
    const { store } = directory.open({ clock });
    const key = aKey('once', 'https://issuer.example', 'a-token-id');
    await store.putOnce(key, 'a', LONG);

    const row = directory.connect().prepare('SELECT key FROM once').get();

    assert.equal(row?.['key'], storeKeyText(key));
    assert.match(String(row?.['key']), /^sts:once:[\w-]{43}$/);
  });

  describe('sweep', () => {
    it('deletes what has ended, of every kind, and nothing else', async () => {
      const { store, database } = (directory.open(), directory.openReachable({ clock }));
      for (const lifetimeSeconds of [SHORT, LONG]) {
        await store.putOnce(aKey('once'), 'a', lifetimeSeconds);
        await store.revoke([aKey('revoked')], lifetimeSeconds);
        await store.rotate(aKey('rotation'), { from: '', to: 'one' }, lifetimeSeconds);
        await store.set(aKey('grant'), 'value', lifetimeSeconds);
        await store.increment(aKey('counter'), 1, lifetimeSeconds);
      }
      clock.advance(SHORT - 1);
      const notYet = await store.sweep();

      clock.advance(1);
      const deleted = await store.sweep();

      assert.deepEqual([notYet, deleted], [0, 5]);
      const tables = ['once', 'tombstone', 'rotation', 'stored_value', 'counter'];
      assert.deepEqual(
        tables.map((table) => rowsIn(database, table)),
        [1, 1, 1, 1, 1],
      );
    });

    it('leaves a bucket that is not empty', async () => {
      const { store } = directory.open({ clock });
      const key = aKey('bucket');
      const fill = { key, milliseconds: 30_000, mostMilliseconds: 90_000 };
      await store.fillBuckets([fill]);
      clock.advance(29);
      await store.sweep();
      assert.deepEqual(await store.fillBuckets([fill]), [31_000]);

      clock.advance(30);
      await store.sweep();

      assert.deepEqual(await store.fillBuckets([fill]), [31_000]);
    });

    it('deletes in batches over all tables together', async () => {
      const { store } = directory.open({ clock });
      await Promise.all([
        ...Array.from({ length: 400 }, () => store.putOnce(aKey('once'), 'a', SHORT)),
        ...Array.from({ length: 400 }, () => store.set(aKey('grant'), 'value', SHORT)),
      ]);
      clock.advance(SHORT);

      const batches = [await store.sweep(), await store.sweep(), await store.sweep()];

      assert.deepEqual(batches, [SWEEP_ROWS, 800 - SWEEP_ROWS, 0]);
    });

    it('goes on by itself while requests never pause', async () => {
      const { store, database } = (directory.open(), directory.openReachable({ clock }));
      const marks = Array.from({ length: 350 }, () => aKey('once'));
      await Promise.all(marks.map((key) => store.putOnce(key, 'a', SHORT)));
      clock.advance(SHORT);
      let requests = 0;

      store.start();
      while (Number(rowsIn(database, 'once')) > requests) {
        await store.putOnce(aKey('once'), 'b', LONG);
        requests += 1;
      }
      store.stop();

      assert.equal(rowsIn(database, 'once'), requests);
    });

    it('runs by itself from start until stop, batch after batch', async () => {
      const { store, database } = (directory.open(), directory.openReachable({ clock }));
      const marks = Array.from({ length: SWEEP_ROWS + 100 }, () => aKey('once'));
      await Promise.all(marks.map((key) => store.putOnce(key, 'a', SHORT)));
      clock.advance(SHORT);

      store.start();
      while (rowsIn(database, 'once') !== 0) await nextTurn();
      store.stop();
      await store.putOnce(aKey('once'), 'a', SHORT);
      clock.advance(SHORT);
      for (let turn = 0; turn < 1000; turn += 1) await nextTurn();

      assert.equal(rowsIn(database, 'once'), 1);
    });

    it('deletes nothing for an hour after the clock went ahead at once: when it is set right what has ended stands again', async (t) => {
      let uptime = performance.now();
      t.mock.method(performance, 'now', () => uptime);
      const { store } = directory.open({ clock });
      const [used, revoked] = [aKey('once'), aKey('revoked')];
      await store.putOnce(used, 'first', LONG);
      await store.revoke([revoked], LONG);

      clock.advance(10 * LONG);
      assert.equal(await store.sweep(), 0);
      uptime += 3_599_000;
      clock.advance(3599);
      assert.equal(await store.sweep(), 0);
      clock.advance(-10 * LONG - 3599);

      assert.deepEqual(await store.putOnce(used, 'second', LONG), {
        stored: false,
        attempt: 'first',
      });
      assert.equal(await store.isRevoked([revoked]), true);
      assert.equal(await store.sweep(), 0);
      uptime += LONG * 1000;
      clock.advance(LONG);
      assert.equal(await store.sweep(), 2);
    });

    it('deletes as ever while the clock goes as time does', async (t) => {
      let uptime = performance.now();
      t.mock.method(performance, 'now', () => uptime);
      const { store } = directory.open({ clock });
      await store.putOnce(aKey('once'), 'a', LONG);

      uptime += LONG * 1000;
      clock.advance(LONG + 5);

      assert.equal(await store.sweep(), 1);
    });

    it('goes on after a sweep that failed', async () => {
      directory.open();
      const { store, database } = directory.openReachable({ clock });
      await store.putOnce(aKey('once'), 'a', SHORT);
      clock.advance(SHORT);
      const other = directory.connect();
      other.exec('BEGIN IMMEDIATE');
      await assert.rejects(store.sweep(), isUnavailable);

      store.start();
      for (let turn = 0; turn < 1000; turn += 1) await nextTurn();
      other.exec('COMMIT');
      while (rowsIn(database, 'once') !== 0) await nextTurn();

      store.stop();
    });
  });
});
