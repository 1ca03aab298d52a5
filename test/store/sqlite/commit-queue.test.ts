import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ExchangeFailure } from '#core/failure.ts';
import { CommitQueue } from '#src/store/sqlite/commit-queue.ts';
import { openDatabase } from '#src/store/sqlite/store-file.ts';
import { isUnavailable } from '../conformance/under-test.ts';
import { aStoreDirectory, type StoreDirectory } from '../store-directory.ts';

/** Enough for many turns of the event loop, and soon over. */
const BUSY_TIMEOUT_MILLISECONDS = 50;

describe('CommitQueue', () => {
  let directory: StoreDirectory;
  let database: DatabaseSync;
  let other: DatabaseSync;
  let queue: CommitQueue;

  beforeEach(() => {
    directory = aStoreDirectory();
    database = openDatabase(directory.path, 0);
    database.exec('CREATE TABLE note (text TEXT PRIMARY KEY) STRICT');
    other = directory.connect();
    queue = new CommitQueue(database, {
      busyTimeoutMilliseconds: BUSY_TIMEOUT_MILLISECONDS,
      assertReady: () => undefined,
    });
  });
  afterEach(async () => {
    database.close();
    await directory.dispose();
  });

  const write = (text: string, verb = 'INSERT'): Promise<void> =>
    queue.run(true, () => {
      database.prepare(`${verb} INTO note VALUES (?)`).run(text);
    });
  const notesSeenByOthers = (): unknown[] =>
    other
      .prepare('SELECT text FROM note ORDER BY text')
      .all()
      .map((row) => row['text']);

  it('runs all writes of one turn in one transaction: others see none of them before the last', async () => {
    const seen: unknown[][] = [];

    const first = write('first');
    const second = write('second');
    const look = queue.run(true, () => seen.push(notesSeenByOthers()));
    await Promise.all([first, second, look]);

    assert.deepEqual(seen, [[]]);
    assert.deepEqual(notesSeenByOthers(), ['first', 'second']);
  });

  it('holds the lock for no more than 256 writes: what is more comes in the next transaction', async () => {
    const writes = Array.from({ length: 300 }, (_, index) => write(String(index)));

    await writes[0];

    assert.equal(notesSeenByOthers().length, 256);
    await Promise.all(writes);
    assert.equal(notesSeenByOthers().length, 300);
  });

  it('acknowledges a write only after it was committed', async () => {
    const acknowledged: unknown[][] = [];

    await write('first').then(() => acknowledged.push(notesSeenByOthers()));

    assert.deepEqual(acknowledged, [['first']]);
  });

  it('gives each write its own result, in the order they came', async () => {
    const results = await Promise.all(
      Array.from({ length: 1000 }, (_, index) => queue.run(true, () => index)),
    );

    assert.deepEqual(
      results,
      Array.from({ length: 1000 }, (_, index) => index),
    );
    assert.equal(queue.isIdle, true);
  });

  it('puts an error on the write that made it and commits the others', async () => {
    const results = await Promise.allSettled([write('first'), write('first'), write('second')]);

    const statuses = results.map(({ status }) => status);
    assert.deepEqual(statuses, ['fulfilled', 'rejected', 'fulfilled']);
    assert.ok(results[1]?.status === 'rejected' && isUnavailable(results[1].reason));
    assert.deepEqual(notesSeenByOthers(), ['first', 'second']);
  });

  it('leaves a bug of ours a plain error, and commits the others', async () => {
    const bug = new TypeError('not a storage error');
    const results = await Promise.allSettled([
      write('first'),
      queue.run(true, () => {
        throw bug;
      }),
    ]);

    assert.deepEqual(results[1], { status: 'rejected', reason: bug });
    assert.deepEqual(notesSeenByOthers(), ['first']);
  });

  it('acknowledges none when an error ended the transaction', async () => {
    await write('first');

    const results = await Promise.allSettled([
      write('second'),
      write('first', 'INSERT OR ROLLBACK'),
      write('third'),
    ]);

    for (const result of results) {
      assert.ok(result.status === 'rejected' && isUnavailable(result.reason));
    }
    assert.deepEqual(notesSeenByOthers(), ['first']);
  });

  it('acknowledges none when the commit fails', async () => {
    database.exec('CREATE TABLE child (text TEXT REFERENCES note DEFERRABLE INITIALLY DEFERRED)');
    const orphan = queue.run(true, () => database.exec("INSERT INTO child VALUES ('orphan')"));

    const results = await Promise.allSettled([write('first'), orphan]);

    for (const result of results) {
      assert.ok(result.status === 'rejected' && isUnavailable(result.reason));
    }
    assert.deepEqual(notesSeenByOthers(), []);
    await assert.doesNotReject(write('after'));
  });

  it('waits for the lock of another process without holding the event loop', async () => {
    other.exec('BEGIN IMMEDIATE');
    const waiting = write('first');

    await new Promise((resolve) => setImmediate(resolve));
    const isLoopFree = !queue.isIdle;
    other.exec('COMMIT');

    await assert.doesNotReject(waiting);
    assert.equal(isLoopFree, true);
  });

  it('refuses when another process holds the lock for too long, keeps the cause, and recovers', async () => {
    other.exec('BEGIN IMMEDIATE');

    await assert.rejects(write('first'), (cause) => {
      assert.ok(cause instanceof ExchangeFailure && cause.cause instanceof Error);
      assert.match(cause.cause.message, /locked/);
      return isUnavailable(cause);
    });

    other.exec('COMMIT');
    await assert.doesNotReject(write('second'));
    assert.deepEqual(notesSeenByOthers(), ['second']);
  });

  it('runs nothing while it is not ready', async () => {
    const blocked = new CommitQueue(database, {
      busyTimeoutMilliseconds: BUSY_TIMEOUT_MILLISECONDS,
      assertReady: () => {
        throw new ExchangeFailure('dependency-unavailable', 'not now');
      },
    });

    const attempt = blocked.run(true, () => database.exec("INSERT INTO note VALUES ('first')"));

    await assert.rejects(attempt, isUnavailable);
    assert.deepEqual(notesSeenByOthers(), []);
  });

  it('syncs to disk at the commit as soon as one write of the transaction is durable', async () => {
    const level = (): unknown => database.prepare('PRAGMA synchronous').get()?.['synchronous'];
    const [FULL, NORMAL] = [2, 1];

    const weakAlone = await queue.run(false, level);
    const mixed = await Promise.all([queue.run(false, level), queue.run(true, level)]);
    const weakAgain = await queue.run(false, level);

    assert.deepEqual([weakAlone, ...mixed, weakAgain], [NORMAL, FULL, FULL, NORMAL]);
  });
});
