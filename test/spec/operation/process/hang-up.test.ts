// SIGHUP while the server starts: a supervisor that reloads at once must not end what it has just started.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { eventually } from '#test/support/eventually.ts';
import { aConfigDocument } from '#test/support/server/document.ts';
import { startViaduct } from '#test/support/server/process.ts';
import { serve, workerPids } from '#test/support/server/served.ts';
import { createPartner, writeConfiguration } from '#test/support/server/server.ts';

const clock = { now: (): number => Math.floor(Date.now() / 1000) };

test('Row 29: a reload that is asked for while the workers start is done once they serve', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-hang-up-'));
  t.after(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  const { jwks } = await createPartner(clock);
  await writeConfiguration(directory, { ...aConfigDocument(), workers: 2 }, jwks);
  // Whoever opens the store holds this lock: no worker comes further until it is let go.
  const opening = new DatabaseSync(join(directory, 'data/viaduct.db.lock'));
  opening.exec('BEGIN EXCLUSIVE');

  const server = startViaduct(['serve', '--config', 'viaduct.yaml'], directory);
  const { child } = server;
  t.after(() => child.kill('SIGKILL'));
  await eventually('a worker has begun', async () => {
    const children = `/proc/${child.pid}/task/${child.pid}/children`;
    return (await readFile(children, 'utf8')) !== '';
  });
  child.kill('SIGHUP');
  opening.close();
  await server.says(/configuration reloaded\n/);
  child.kill('SIGTERM');

  assert.equal(await server.exit(), 0, server.text());
  assert.match(server.text(), /^serving [^]*^configuration reloaded$/m);
});

test('Row 29: a reload that is asked for before there is a configuration ends no server', {
  timeout: 60_000,
}, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-hang-up-'));
  t.after(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  const anyPort = {
    VIADUCT__LISTENERS__PUBLIC__ADDRESS: '127.0.0.1:0',
    VIADUCT__LISTENERS__MANAGEMENT__ADDRESS: '127.0.0.1:0',
  };

  const server = startViaduct(['serve'], directory, anyPort);
  const { child } = server;
  t.after(() => child.kill('SIGKILL'));
  await eventually('the first one is being written', async () =>
    existsSync(join(directory, 'data')),
  );
  child.kill('SIGHUP');
  await server.says(/serving /);
  child.kill('SIGTERM');

  assert.equal(await server.exit(), 0, server.text());
});

test('Row 29: a reload that is asked for while no worker serves is not taken: nobody could tell whether it is good, and all would end on it', {
  timeout: 60_000,
}, async (t) => {
  const served = await serve(t, (document) => {
    document['workers'] = 2;
  });
  // Good by its text: only who builds it finds out.
  await served.edit((document) => {
    document['wsTrust'] = { endpoints: [{ path: '/ws-trust/none' }] };
  });
  for (const pid of await workerPids(served)) process.kill(pid, 'SIGKILL');
  await eventually('none', async () => /^sts_workers 0$/m.test(await served.metrics()));

  const said = await served.reload();

  assert.match(said, /not reloaded: no worker serves that could try it; send SIGHUP again/);
  await eventually('all serve', async () => /^sts_workers 2$/m.test(await served.metrics()));
  assert.equal((await fetch(`${served.managementUrl}/readyz`)).status, 200);
});
