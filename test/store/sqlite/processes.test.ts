// The embedded store under several processes, a crash, and a full disk.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { SqliteStore } from '#src/store/sqlite/sqlite-store.ts';
import { aStoreDirectory, type StoreDirectory } from '../store-directory.ts';

const LONG = 600;
const ROUNDS = 20;
const CONTENDERS = 50;
const WRITER = fileURLToPath(new URL('writer.ts', import.meta.url));

interface Writer {
  readonly child: ChildProcess;
  readonly lines: Interface;
  /** Every line it has told so far. */
  readonly told: readonly string[];
  readonly ended: Promise<unknown>;
}

describe('SqliteStore in several processes', () => {
  let directory: StoreDirectory;
  let children: ChildProcess[];
  beforeEach(() => {
    directory = aStoreDirectory();
    children = [];
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await directory.dispose();
  });

  function listen(child: ChildProcess): Writer {
    assert.ok(child.stdout);
    children.push(child);
    const lines = createInterface({ input: child.stdout });
    const told: string[] = [];
    lines.on('line', (line) => told.push(line));
    return { child, lines, told, ended: once(lines, 'close') };
  }

  const startWriter = (task: string, name: string): Writer =>
    listen(
      spawn(process.execPath, [WRITER, directory.path, task, name], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );

  const begin = (writer: Writer): void => void writer.child.stdin?.write('begin\n');

  async function toldLines(writer: Writer, count: number): Promise<void> {
    while (writer.told.length < count) await once(writer.lines, 'line');
  }

  const acknowledged = (writer: Writer): readonly string[] =>
    writer.told.flatMap((line) => (line.startsWith('stored ') ? [line.slice(7)] : []));

  async function assertAllThere(store: SqliteStore, ids: readonly string[]): Promise<void> {
    const found = await Promise.all(
      ids.map((id) => store.putOnce({ class: 'once', parts: [id] }, 'replay', LONG)),
    );
    const lost = ids.filter((_, index) => found[index]?.stored);
    assert.deepEqual(lost, []);
  }

  it('lets exactly one of 50 contenders in two processes win each mark and generation', async () => {
    const { store } = directory.open();
    for (let round = 0; round < ROUNDS; round += 1) {
      const parts = [`round ${round}`];
      await store.rotate({ class: 'rotation', parts }, { from: '', to: 'one' }, LONG);
    }
    const writers = [startWriter('race', 'left'), startWriter('race', 'right')];
    await Promise.all(writers.map((writer) => toldLines(writer, 1)));

    for (const writer of writers) begin(writer);
    await Promise.all(writers.map(({ ended }) => ended));

    const told = writers.flatMap((writer) => writer.told);
    const wins = told.filter((line) => /^(putOnce|rotate) /.test(line)).toSorted();
    const rounds = Array.from({ length: ROUNDS }, (_, round) => round);
    const once = rounds.flatMap((r) => [`putOnce ${r}`, `rotate ${r}`]).toSorted();
    assert.deepEqual(wins, once);
    const sums = new Set(told.filter((line) => line.startsWith('sum ')));
    assert.equal(sums.size, ROUNDS * CONTENDERS);
    for (const { told: lines } of writers) assert.ok(lines.length > 1, 'both took part');
  });

  it('makes one dataset when several processes find no file', async () => {
    const writers = ['a', 'b', 'c'].map((name) => startWriter('race', name));

    await Promise.all(writers.map((writer) => toldLines(writer, 1)));

    const firsts = writers.flatMap(({ told }) => told.slice(0, 1)).toSorted();
    assert.deepEqual(firsts, ['ready false', 'ready false', 'ready true']);
  });

  it('holds every acknowledged mark after a writer was killed in the middle of a burst', async () => {
    const { store } = directory.open();
    const writer = startWriter('burst', 'killed');
    await toldLines(writer, 1);

    begin(writer);
    await toldLines(writer, 1000);
    writer.child.kill('SIGKILL');
    await writer.ended;

    const ids = acknowledged(writer);
    assert.ok(ids.length >= 999);
    await assertAllThere(store, ids);
  });

  it('refuses on a full disk with dependency-unavailable, and holds what it acknowledged', async () => {
    await directory.open().store.close();
    const script = 'ulimit -f 2000 && exec "$@"';
    const command = [process.execPath, WRITER, directory.path, 'burst', 'full'];
    const writer = listen(
      spawn('sh', ['-c', script, 'sh', ...command], { stdio: ['pipe', 'pipe', 'inherit'] }),
    );
    await toldLines(writer, 1);

    begin(writer);
    await writer.ended;

    const refusals = writer.told.filter((line) => line.startsWith('refused '));
    assert.equal(refusals.length, 64);
    assert.deepEqual(new Set(refusals), new Set(['refused dependency-unavailable']));
    const ids = acknowledged(writer);
    assert.ok(ids.length > 0);
    await assertAllThere(directory.open().store, ids);
  });
});
