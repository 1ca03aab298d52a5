// A worker that is started with a configuration and begins to serve while the next one is brought in, or never does.
import assert from 'node:assert/strict';
import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '#test/support/eventually.ts';
import { holdUp } from '#test/support/server/held-up.ts';
import { type Served, serve, workerPids } from '#test/support/server/served.ts';

/** Whether a process has its audit open: it was told its configuration, and does not serve yet for a while. */
async function hasAudit(pid: number): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder);
  const paths = await Promise.all(names.map((fd) => readlink(join(folder, fd)).catch(() => '')));
  return paths.some((path) => path.endsWith('.jsonl'));
}

/** Resolves with the worker that was started since. */
async function newWorker(served: Served, known: readonly number[]): Promise<number> {
  let pid: number | undefined;
  await eventually('another worker was started', async () => {
    pid = (await workerPids(served)).find((each) => !known.includes(each));
    return pid !== undefined;
  });
  return pid ?? assert.fail('none');
}

test('Row 29: a worker that begins to serve while all are replaced is not said to have an old configuration: it is replaced as well', {
  timeout: 120_000,
}, async (t) => {
  const served = await serve(t, (document) => {
    document['workers'] = 2;
  });
  const known = await workerPids(served);
  process.kill(known[1] ?? 0, 'SIGKILL');
  const late = await newWorker(served, known);
  await eventually('it was told its configuration', () => hasAudit(late));
  holdUp(t, late);
  await served.edit((document) => {
    Object.assign(document['audit'] as object, { file: 'data/other.jsonl' });
  });

  const reloading = served.reload();
  await newWorker(served, [...known, late]);
  process.kill(late, 'SIGCONT');
  const said = await reloading;

  assert.equal(said, 'configuration reloaded\n');
  assert.doesNotMatch(served.server.text(), /a worker has an old configuration/);
  assert.equal((await fetch(`${served.managementUrl}/readyz`)).status, 200);
});

test('Row 29: a new worker that neither serves nor ends does not hold a reload for ever: it is ended, the old configuration goes on, and the next one is heard', {
  timeout: 240_000,
}, async (t) => {
  const served = await serve(t, (document) => {
    document['workers'] = 2;
  });
  const known = await workerPids(served);
  await served.edit((document) => {
    document['log'] = { level: 'warn' };
  });

  const reloading = served.reload();
  const stuck = await newWorker(served, known);
  holdUp(t, stuck);
  const said = await reloading;

  assert.match(said, /^configuration not reloaded: .*the old configuration goes on/);
  assert.deepEqual(new Set(await workerPids(served)), new Set(known));
  assert.equal(await served.reload(), 'configuration reloaded\n');
});
