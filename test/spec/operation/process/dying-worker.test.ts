// A worker that dies at a bad moment: while its successor starts, or when nothing can be started in its place.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually } from '#test/support/eventually.ts';
import { MAIN, startProgram } from '#test/support/server/process.ts';
import { type Served, serve, workerPids } from '#test/support/server/served.ts';

const withTwoWorkers = (document: Record<string, unknown>): void => {
  document['workers'] = 2;
};

async function counted(served: Served, name: string): Promise<number> {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await served.metrics())?.[1]);
}

/** Kills a worker and waits until as many serve again. */
async function crash(served: Served): Promise<void> {
  const restarts = await counted(served, 'sts_worker_restarts_total');
  const [, pid = 0] = await workerPids(served);
  process.kill(pid, 'SIGKILL');
  await eventually('another one serves', async () => {
    const again = await counted(served, 'sts_worker_restarts_total');
    return again > restarts && (await counted(served, 'sts_workers')) === 2;
  });
}

interface Replacing {
  readonly reloaded: Promise<string>;
  /** The one that is replaced first. */
  readonly old: number;
  /** Its successor, which is held up before it serves. */
  readonly next: number;
}

async function beginToReplace(served: Served): Promise<Replacing> {
  const known = await workerPids(served);
  await served.edit((document) => {
    document['log'] = { level: 'warn' };
  });
  const reloaded = served.reload();
  const others = async () => (await workerPids(served)).filter((pid) => !known.includes(pid));
  await eventually('a successor', async () => (await others()).length > 0);
  const [next = 0] = await others();
  process.kill(next, 'SIGSTOP');
  return { reloaded, old: Math.min(...known), next };
}

test('Row 26: a worker that dies while its successor starts leaves no worker too many', {
  timeout: 120_000,
}, async (t) => {
  const served = await serve(t, withTwoWorkers);
  const { next, old, reloaded } = await beginToReplace(served);

  process.kill(old, 'SIGKILL');
  await eventually('it was started again', async () => {
    const again = await counted(served, 'sts_worker_restarts_total');
    return again === 1 && (await counted(served, 'sts_workers')) === 2;
  });
  process.kill(next, 'SIGCONT');

  assert.equal(await reloaded, 'configuration reloaded\n');
  assert.equal((await workerPids(served)).length, 2);
});

test('Row 26: nor does one whose restart is still to come when its successor serves', {
  timeout: 120_000,
}, async (t) => {
  const served = await serve(t, withTwoWorkers);
  // After each death the next restart comes later.
  for (let deaths = 0; deaths < 4; deaths += 1) await crash(served);
  const { next, old, reloaded } = await beginToReplace(served);

  process.kill(old, 'SIGKILL');
  process.kill(next, 'SIGCONT');

  assert.equal(await reloaded, 'configuration reloaded\n');
  await eventually('two serve', async () => (await counted(served, 'sts_workers')) === 2);
  assert.equal((await workerPids(served)).length, 2);
});

/** A server whose program can be taken away. */
async function serveOnCopy(t: TestContext): Promise<Served> {
  return serve(
    t,
    async (document, directory) => {
      withTwoWorkers(document);
      await copyFile(process.execPath, join(directory, 'node'));
    },
    (words, directory) => startProgram(join(directory, 'node'), [MAIN, ...words], directory),
  );
}

test('Row 26: a worker that cannot be started is tried again, and why is told', {
  timeout: 120_000,
}, async (t) => {
  const served = await serveOnCopy(t);
  const program = join(served.directory, 'node');
  const [pid = 0] = await workerPids(served);
  await rename(program, `${program}.away`);

  process.kill(pid, 'SIGKILL');
  await served.server.says(/"msg":"a worker died"[^]*ENOENT[^]*"msg":"a worker died"/);
  await rename(`${program}.away`, program);

  await eventually('two serve', async () => (await counted(served, 'sts_workers')) === 2);
  served.server.child.kill('SIGTERM');
  assert.equal(await served.server.exit(), 0);
});

test('Row 26: where none can be started any more the server ends with an exit code', {
  timeout: 120_000,
}, async (t) => {
  const served = await serveOnCopy(t);
  const [pid = 0] = await workerPids(served);
  const program = join(served.directory, 'node');
  await rename(program, `${program}.away`);

  process.kill(pid, 'SIGKILL');

  assert.equal(await served.server.exit(), 1);
  assert.match(served.server.text(), /too many workers died within a minute/);
});

test('Row 26: one for which no descriptors are left is tried again too, and ends no server', {
  timeout: 120_000,
}, async (t) => {
  const served = await serve(t, withTwoWorkers);
  const [pid = 0] = await workerPids(served);
  const allow = (descriptors: number): void => {
    const words = ['--pid', String(served.server.child.pid), `--nofile=${descriptors}:`];
    execFileSync('prlimit', words);
  };
  allow(3);

  process.kill(pid, 'SIGKILL');
  await served.server.says(/"msg":"a worker died"[^]*EMFILE[^]*"msg":"a worker died"/);
  allow(1024);

  await eventually('two serve', async () => (await counted(served, 'sts_workers')) === 2);
});
