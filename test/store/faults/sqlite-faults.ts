// What happens to the embedded store.
import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import type { SqliteArena } from './arenas.ts';
import type { Fault, Stage } from './fault.ts';

/** Another process holds the write lock for longer than the store waits. */
async function holdLock({ arena: { path }, load }: Stage<SqliteArena>): Promise<void> {
  const database = new DatabaseSync(path, { timeout: 5000 });
  database.exec('BEGIN IMMEDIATE');
  await load.trouble();
  database.exec('ROLLBACK');
  database.close();
}

/** One of the processes dies in the middle of its writes. */
async function killProcess({ load }: Stage<SqliteArena>): Promise<void> {
  const [child] = load.children;
  if (!child) throw new Error('there is no process to kill');
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

export const SQLITE_FAULTS: readonly Fault<SqliteArena>[] = [
  {
    id: 'sqlite/locked',
    rows: [11, 13],
    title: 'another process holds the write lock for longer than the deadline',
    inject: holdLock,
    mostOutageMilliseconds: 3000,
  },
  {
    id: 'sqlite/kill',
    rows: [24],
    title: 'kill -9 of one of two processes under load',
    inject: killProcess,
    mostOutageMilliseconds: 3000,
  },
];
