// A process of its own that writes to an embedded store. Started by processes.test.ts with the path, the task and the
// name of the writer. It says `ready`, begins when it is told to, and tells each acknowledged write in a line.

import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { openSqliteStore } from '#src/store/sqlite/open-sqlite-store.ts';
import type { SqliteStore } from '#src/store/sqlite/sqlite-store.ts';
import { fakeClock } from '#test/support/fake-clock.ts';

const LONG = 600;
const CONTENDERS = 25;
const ROUNDS = 20;
const BURST_LANES = 64;

const [path = '', task = '', name = ''] = process.argv.slice(2);

/** Synchronous: what was told is with the parent, even when this process dies at once. */
const tell = (line: string): void => void writeSync(1, `${line}\n`);

const contenders = (): readonly string[] =>
  Array.from({ length: CONTENDERS }, (_, index) => `${name}-${index}`);

/** Tells for each round which of its contenders won. */
async function race(store: SqliteStore): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const parts = [`round ${round}`];
    await Promise.all(
      contenders().map(async (attempt) => {
        const [mark, step] = await Promise.all([
          store.putOnce({ class: 'once', parts }, attempt, LONG),
          store.rotate({ class: 'rotation', parts }, { from: 'one', to: attempt }, LONG),
        ]);
        if (mark.stored) tell(`putOnce ${round}`);
        if (step === 'rotated') tell(`rotate ${round}`);
        tell(`sum ${await store.increment({ class: 'counter', parts: [] }, 1, LONG)}`);
      }),
    );
  }
}

/** Takes marks until it is killed or refused, and tells each as soon as it is acknowledged. */
async function burst(store: SqliteStore): Promise<void> {
  const lane = async (laneIndex: number): Promise<void> => {
    for (let index = 0; ; index += 1) {
      const id = `${name}-${laneIndex}-${index}`;
      await store.putOnce({ class: 'once', parts: [id] }, 'attempt', LONG);
      tell(`stored ${id}`);
    }
  };
  const lanes = Array.from({ length: BURST_LANES }, (_, index) => lane(index));
  const refusals = await Promise.allSettled(lanes);
  for (const refusal of refusals) {
    if (refusal.status === 'rejected')
      tell(`refused ${(refusal.reason as { reason: string }).reason}`);
  }
}

const { store, isNew } = openSqliteStore({
  path,
  clock: fakeClock(),
  busyTimeoutMilliseconds: 10_000,
});
tell(`ready ${isNew}`);
await once(process.stdin, 'data');
await (task === 'race' ? race(store) : burst(store));
await store.close();
process.stdin.destroy();
