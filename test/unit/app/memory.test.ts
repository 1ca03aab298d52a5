// In a process of its own, as V8 has one reducer of memory for each. It takes the eight seconds after which V8 looks.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

/** Makes enough garbage for a full collection, after which V8 looks at times whether less is allocated. */
const BUSY_ONCE = `
  import { remindOfMemory } from '#src/app/memory.ts';
  const reminder = remindOfMemory();
  let kept = Array.from({ length: 1_000_000 }, (_, index) => ({ index }));
  kept = undefined;
  setTimeout(() => reminder.stop(), 60_000);
`;

test('Memory: once a busy time is over V8 sees it and gives back what was filled', async (t) => {
  const child = spawn(process.execPath, [
    '--trace-memory-reducer',
    '--input-type=module',
    '--eval',
    BUSY_ONCE,
  ]);
  t.after(() => child.kill('SIGKILL'));
  const said: string[] = [];
  const ended = once(child, 'close');

  for await (const line of createInterface(child.stdout)) {
    said.push(line);
    if (/started GC/.test(line)) child.kill('SIGKILL');
  }
  await ended;

  assert.match(said.join('\n'), /low alloc[^]*started GC/);
});
