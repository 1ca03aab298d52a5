// A change that only new workers can take, and that one of them cannot: they all go on with what was, or it is told that they do not.
import assert from 'node:assert/strict';
import { mkdir, readdir, readlink, rename, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Served, serve, workerPids } from '#test/support/server/served.ts';

/** The files of the audit that workers write. */
async function auditsWritten(served: Served): Promise<readonly string[]> {
  const open = (await workerPids(served)).map(async (pid) => {
    const folder = `/proc/${pid}/fd`;
    const names = await readdir(folder);
    const paths = await Promise.all(names.map((fd) => readlink(join(folder, fd)).catch(() => '')));
    return paths
      .filter((path) => path.endsWith('.jsonl'))
      .map((path) => path.split('/').at(-1) ?? '');
  });
  return (await Promise.all(open)).flat();
}

test('Row 29: where a worker does not start with what is new, those that were replaced by then go back', {
  timeout: 120_000,
}, async (t) => {
  const served = await serve(t, (document) => {
    document['workers'] = 2;
  });
  // The place of the second successor: the first one has a slot that is new.
  await mkdir(join(served.directory, 'data/other.w1.jsonl'));
  await served.edit((document) => {
    Object.assign(document['audit'] as object, { file: 'data/other.jsonl' });
  });

  const said = await served.reload();

  assert.match(said, /not reloaded: a worker did not start with it: the old configuration goes on/);
  const names = await auditsWritten(served);
  assert.equal(names.length, 2);
  for (const name of names) assert.match(name, /^audit\.w\d\.jsonl$/);
  assert.equal((await served.exchange()).status, 200);
});

interface Readiness {
  readonly status: number;
  readonly body: unknown;
}

async function readiness({ managementUrl }: Served): Promise<Readiness> {
  const answer = await fetch(`${managementUrl}/readyz`);
  return { status: answer.status, body: await answer.json() };
}

/** Two workers of which one has a new configuration, and neither that nor the one before starts anew. */
async function mixed(t: TestContext): Promise<{ served: Served; said: string }> {
  const served = await serve(t, (document) => {
    document['workers'] = 2;
  });
  const file = (name: string): string => join(served.directory, 'data', name);
  await mkdir(file('other.w1.jsonl'));
  // The worker that has it open goes on with it; whoever would go back to it finds a folder.
  await rename(file('audit.w1.jsonl'), file('moved.jsonl'));
  await mkdir(file('audit.w1.jsonl'));
  await served.edit((document) => {
    Object.assign(document['audit'] as object, { file: 'data/other.jsonl' });
  });
  return { served, said: await served.reload() };
}

test('Row 29: where those that were replaced cannot go back either, it is told, and the server is not ready, though it serves', {
  timeout: 120_000,
}, async (t) => {
  const { served, said } = await mixed(t);

  assert.match(said, /not reloaded: workers run different configurations/);
  await served.server.says(/"level":"error",.*"msg":"workers run different configurations"/);
  const reasons = ['configuration'];
  assert.deepEqual(await readiness(served), {
    status: 503,
    body: { status: 'not-ready', reasons },
  });
  assert.equal((await auditsWritten(served)).length, 2);
  assert.equal((await served.exchange()).status, 200);
});

test('Row 29: workers that run different configurations run one again at the next signal, whether it changes anything or not', {
  timeout: 120_000,
}, async (t) => {
  const { served } = await mixed(t);
  await rmdir(join(served.directory, 'data/audit.w1.jsonl'));
  await served.edit((document) => {
    Object.assign(document['audit'] as object, { file: 'data/audit.jsonl' });
  });

  const said = await served.reload();

  assert.equal(said, 'configuration reloaded\n');
  for (const name of await auditsWritten(served)) assert.match(name, /^audit\.w\d\.jsonl$/);
  assert.equal((await readiness(served)).status, 200);
});
