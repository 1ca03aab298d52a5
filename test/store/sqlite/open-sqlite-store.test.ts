import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ExchangeFailure } from '#core/failure.ts';
import { readSqliteStore } from '#src/store/sqlite/open-sqlite-store.ts';
import { withOpeningLock } from '#src/store/sqlite/store-file.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { aKey, isBug, isUnavailable } from '../conformance/under-test.ts';
import { aStoreDirectory, type StoreDirectory } from '../store-directory.ts';

const LONG = 600;

/** Overwrites bytes in the middle of a file. */
function overwrite(path: string, offset: number, bytes: Buffer): void {
  const file = openSync(path, 'r+');
  writeSync(file, bytes, 0, bytes.length, offset);
  closeSync(file);
}

const DAMAGES: Readonly<Record<string, (path: string) => void>> = {
  'is no database': (path) => writeFileSync(path, 'not a database, '.repeat(1000)),
  'was cut in half': (path) => truncateSync(path, statSync(path).size / 2),
  'lost its header': (path) => overwrite(path, 0, Buffer.alloc(100)),
  'has garbage in the middle': (path) => overwrite(path, 8192, Buffer.alloc(30_000, 0xff)),
};

describe('openSqliteStore', () => {
  let directory: StoreDirectory;
  beforeEach(() => {
    directory = aStoreDirectory();
  });
  afterEach(() => directory.dispose());

  async function fill(): Promise<void> {
    const { store } = directory.open();
    const keys = Array.from({ length: 500 }, () => aKey('once'));
    await Promise.all(keys.map((key) => store.putOnce(key, 'attempt', LONG)));
    await store.close();
  }

  it('makes the file for its owner only', async () => {
    const { store } = directory.open();
    await store.putOnce(aKey('once'), 'attempt', LONG);

    const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);
    for (const suffix of ['', '-wal', '-shm', '.lock']) {
      assert.equal(mode(`${directory.path}${suffix}`), '600', suffix);
    }
  });

  it('is in WAL mode and syncs fully for every class whose loss lets a dead credential live', async () => {
    directory.open();
    const { store, database } = directory.openReachable();
    const pragma = (name: string): unknown => database.prepare(`PRAGMA ${name}`).get()?.[name];
    const [FULL, NORMAL] = [2, 1];
    const levels: unknown[] = [];

    for (const write of [
      () => store.putOnce(aKey('once'), 'attempt', LONG),
      () => store.revoke([aKey('revoked')], LONG),
      () => store.rotate(aKey('rotation'), { from: '', to: 'one' }, LONG),
      () => store.set(aKey('ledger'), 'value', LONG),
      () => store.set(aKey('grant'), 'value', LONG),
      () => store.increment(aKey('counter'), 1, LONG),
    ]) {
      await write();
      levels.push(pragma('synchronous'));
    }

    assert.equal(pragma('journal_mode'), 'wal');
    assert.deepEqual(levels, [FULL, FULL, FULL, FULL, FULL, NORMAL]);
  });

  it('says that a missing file is new, and an existing one not', async () => {
    const first = directory.open();
    const beside = directory.open();
    await Promise.all([first.store.close(), beside.store.close()]);
    const again = directory.open();

    assert.deepEqual([first.isNew, beside.isNew, again.isNew], [true, false, false]);
    assert.equal(beside.datasetId, first.datasetId);
    assert.equal(again.datasetId, first.datasetId);
  });

  it('says in every process since when the dataset remembers, so that all can raise the boot fence', () => {
    const clock = fakeClock(1_800_000_000);
    const first = directory.open({ clock });
    clock.advance(30);
    const later = directory.open({ clock });

    assert.equal(first.createdAt, 1_800_000_000);
    assert.equal(later.createdAt, 1_800_000_000);
  });

  it('keeps everything over a restart', async () => {
    const [mark, tombstone, family, grant, counter] = [
      aKey('once'),
      aKey('revoked'),
      aKey('rotation'),
      aKey('grant'),
      aKey('counter'),
    ];
    const { store: before } = directory.open();
    await before.putOnce(mark, 'first', LONG);
    await before.revoke([tombstone], LONG);
    await before.rotate(family, { from: '', to: 'one' }, LONG);
    await before.set(grant, 'code', LONG);
    await before.increment(counter, 3, LONG);
    await before.close();

    const { store } = directory.open();

    assert.deepEqual(await store.putOnce(mark, 'second', LONG), {
      stored: false,
      attempt: 'first',
    });
    assert.equal(await store.isRevoked([tombstone]), true);
    assert.equal(await store.rotate(family, { from: '', to: 'other' }, LONG), 'conflict');
    assert.equal(await store.get(grant), 'code');
    assert.equal(await store.increment(counter, 1, LONG), 4);
  });

  for (const [damage, inflict] of Object.entries(DAMAGES)) {
    it(`leaves a file that ${damage} where it is, for a mere question`, async () => {
      await fill();
      inflict(directory.path);
      const before = readFileSync(directory.path);

      assert.throws(() => readSqliteStore({ path: directory.path, clock: fakeClock() }));

      assert.deepEqual(readFileSync(directory.path), before);
      const names = readdirSync(dirname(directory.path));
      assert.equal(names.filter((name) => name.includes('.damaged-')).length, 0);
    });

    it(`sets a file aside that ${damage}, and says that the store is new`, async () => {
      await fill();
      inflict(directory.path);

      const { store, isNew } = directory.open();

      assert.equal(isNew, true);
      assert.deepEqual(await store.putOnce(aKey('once'), 'a', LONG), { stored: true });
      const names = readdirSync(dirname(directory.path));
      assert.equal(names.filter((name) => name.includes('.damaged-')).length, 1);
    });
  }

  it('sets the log aside with a damaged file that another process has open', async () => {
    await fill();
    const other = directory.connect();
    other.exec('CREATE TABLE late (text TEXT)');
    DAMAGES['has garbage in the middle']?.(directory.path);
    const log = readFileSync(`${directory.path}-wal`);

    const { isNew } = directory.open();

    assert.equal(isNew, true);
    const names = readdirSync(dirname(directory.path));
    const aside = names.find((name) => /\.damaged-.*-wal$/.test(name)) ?? '';
    assert.deepEqual(readFileSync(join(dirname(directory.path), aside)), log);
  });

  it('lets nobody open it while another does', () => {
    const wait = 0;
    const path = join(dirname(directory.path), 'other.db');

    withOpeningLock(path, wait, () =>
      assert.throws(() => withOpeningLock(path, wait, () => 'both'), /locked/),
    );
    assert.equal(
      withOpeningLock(path, wait, () => 'then'),
      'then',
    );
  });

  it('takes a file of no length for a new one', async () => {
    await fill();
    truncateSync(directory.path, 0);

    assert.equal(directory.open().isNew, true);
  });

  it('refuses a newer schema with a plain error that says what to do, and leaves the file as it is', async () => {
    await fill();
    const newer = directory.connect();
    newer.exec('PRAGMA user_version = 99');
    newer.close();

    assert.throws(
      () => directory.open(),
      (cause) => isBug(cause) && cause instanceof Error && /schema version 99/.test(cause.message),
    );
    const { user_version } = directory.connect().prepare('PRAGMA user_version').get() ?? {};
    assert.equal(user_version, 99);
  });

  it('refuses the database of another program and leaves it as it is', async () => {
    await fill();
    const foreign = directory.connect();
    foreign.exec('PRAGMA user_version = 0');
    foreign.close();

    assert.throws(() => directory.open(), isBug);
    assert.equal(existsSync(directory.path), true);
  });

  it('refuses what is no file, without waiting for who writes to a pipe', () => {
    const pipe = `${directory.path}.pipe`;
    execFileSync('mkfifo', [pipe]);

    for (const path of [dirname(pipe), pipe])
      assert.throws(() => directory.open({ path }), new Error(`${path} is no regular file`));
  });

  it('refuses to write once its file was replaced: nobody would find the marks again', async () => {
    const clock = fakeClock();
    const { store } = directory.open({ clock });
    const tombstone = aKey('revoked');
    await store.revoke([tombstone], LONG);
    rmSync(directory.path);
    clock.advance(1);

    await assert.rejects(store.putOnce(aKey('once'), 'a', LONG), isUnavailable);
    await assert.rejects(store.isRevoked([tombstone]), isUnavailable);
    await assert.rejects(store.health(), isUnavailable);
  });

  for (const ending of ['-wal', '-shm'])
    it(`refuses all once its file ${ending} was deleted: who opens the store then does not see its marks`, async () => {
      const clock = fakeClock();
      const { store } = directory.open({ clock });
      const tombstone = aKey('revoked');
      await store.revoke([tombstone], LONG);
      rmSync(`${directory.path}${ending}`);
      clock.advance(1);

      await assert.rejects(store.putOnce(aKey('once'), 'a', LONG), isUnavailable);
      await assert.rejects(store.isRevoked([tombstone]), isUnavailable);
      await assert.rejects(store.health(), isUnavailable);
    });

  it('leaves no secret and no value in a refusal', async () => {
    const { store } = directory.open();
    const tooLong = 's3cret'.repeat(400_000);

    await assert.rejects(store.set(aKey('grant'), tooLong, LONG), (cause) => {
      assert.ok(cause instanceof ExchangeFailure);
      assert.doesNotMatch(`${cause.message} ${String(cause.cause)}`, /s3cret/);
      return isUnavailable(cause);
    });
  });

  it('holds no lock after it was opened', () => {
    directory.open();

    const lock = new DatabaseSync(`${directory.path}.lock`, { timeout: 0 });
    assert.doesNotThrow(() => lock.exec('BEGIN EXCLUSIVE; ROLLBACK'));
    lock.close();
  });
});
