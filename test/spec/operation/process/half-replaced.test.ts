// A change that only new workers can take, and that one of them cannot: they all go on with what was.
import assert from 'node:assert/strict';
import { mkdir, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
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
