// What earlier releases left on the disk is read by this one, and what this one leaves is the newest of the formats beside this
// file: whoever changes it adds a fixture, because servers that run have stores of the old one.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { StateClass, Store, StoreKey } from '#core/ports.ts';
import { EXPIRING_TABLES } from '#src/store/sqlite/schema.ts';
import { aStoreDirectory, type StoreDirectory } from '../store-directory.ts';

const RELEASED = new URL('released/', import.meta.url);
const FORMATS = readdirSync(RELEASED).sort();
const YEAR_SECONDS = 365 * 86_400;

const key = (stateClass: StateClass, id = 'id'): StoreKey => ({
  class: stateClass,
  parts: ['https://issuer.example', id],
});

const fixture = (name: string): string => readFileSync(new URL(name, RELEASED), 'utf8');

/** One of everything that is written now, as all fixtures hold it. */
async function fill(store: Store): Promise<void> {
  await store.putOnce(key('once'), 'attempt 1', YEAR_SECONDS);
  await store.set(key('grant'), '{"of":"format 1"}\n', YEAR_SECONDS);
  await store.set(key('ledger'), '{"v":1}', YEAR_SECONDS);
  await store.revoke([key('revoked')], YEAR_SECONDS);
  await store.rotate(key('rotation'), { from: '', to: 'one' }, YEAR_SECONDS);
  await store.rotate(key('rotation'), { from: 'one', to: 'two ' }, YEAR_SECONDS);
  await store.increment(key('counter'), 3, YEAR_SECONDS);
  await store.fillBuckets([{ key: key('bucket'), milliseconds: 1500, mostMilliseconds: 9000 }]);
}

/** All that a release would find: the version, the tables, and every row but that of the dataset. */
function contentOf(database: DatabaseSync) {
  const schema = database.prepare('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL').all();
  const rows = EXPIRING_TABLES.map((name) =>
    database.prepare(`SELECT * FROM ${name} ORDER BY key`).all(),
  );
  return {
    version: database.prepare('PRAGMA user_version').get(),
    schema: schema.map(({ sql }) => String(sql).replaceAll(/\s+/g, ' ')).sort(),
    rows,
  };
}

describe('Embedded store, released formats', () => {
  let directory: StoreDirectory;
  beforeEach(() => {
    directory = aStoreDirectory();
  });
  afterEach(() => directory.dispose());

  for (const format of FORMATS)
    it(`reads all of ${format}`, async () => {
      const database = directory.connect();
      database.exec(fixture(format));
      database.close();

      const { isNew, store } = directory.open();

      assert.equal(isNew, false);
      const taken = await store.putOnce(key('once'), 'another', YEAR_SECONDS);
      assert.deepEqual(taken, { stored: false, attempt: 'attempt 1' });
      assert.equal(await store.isMarked(key('once')), true);
      assert.equal(await store.isRevoked([key('revoked')]), true);
      assert.equal(await store.get(key('ledger')), '{"v":1}');
      assert.equal(await store.get(key('grant')), '{"of":"format 1"}\n');
      assert.equal(
        await store.rotate(key('rotation'), { from: 'one', to: 'two ' }, YEAR_SECONDS),
        'repeated',
      );
      assert.equal(
        await store.rotate(key('rotation'), { from: 'two ', to: 'three' }, YEAR_SECONDS),
        'rotated',
      );
      assert.equal(await store.increment(key('counter'), 1, YEAR_SECONDS), 4);
      const fills = [{ key: key('bucket'), milliseconds: 0, mostMilliseconds: 9000 }];
      assert.deepEqual(await store.fillBuckets(fills), [1500]);
    });

  it('writes the newest of them, to the letter', async () => {
    const expected = new DatabaseSync(':memory:');
    expected.exec(fixture(FORMATS.at(-1) ?? ''));
    // Its release kept values that could be consumed, and a cache.
    expected.exec(
      "DELETE FROM stored_value WHERE consumed_by IS NOT NULL OR key LIKE 'sts:cache:%'",
    );

    await fill(directory.open().store);

    assert.deepEqual(contentOf(directory.connect()), contentOf(expected));
    expected.close();
  });
});
