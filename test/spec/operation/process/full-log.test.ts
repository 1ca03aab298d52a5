// The standard output lies on a disk that is full: nothing can be said, and all else goes on.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '#test/support/eventually.ts';
import { aConfigDocument } from '#test/support/server/document.ts';
import { viaduct } from '#test/support/server/process.ts';
import { reservedPort } from '#test/support/server/reserved-port.ts';
import { createPartner, writeConfiguration } from '#test/support/server/server.ts';

const MAIN = fileURLToPath(new URL('../../../../src/main.ts', import.meta.url));

test('Log: a server whose output is on a full disk starts, answers, reloads and drains', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-full-'));
  t.after(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  const document = aConfigDocument();
  const port = await reservedPort();
  const management = { address: '127.0.0.1:0' };
  document['listeners'] = { public: { address: `127.0.0.1:${port}` }, management };
  document['log'] = { level: 'info' };
  const { jwks } = await createPartner({ now: () => Math.floor(Date.now() / 1000) });
  await writeConfiguration(directory, document, jwks);
  const full = await open('/dev/full', 'w');
  t.after(() => full.close());

  const words = [MAIN, 'serve', '--config', 'viaduct.yaml'];
  const stdio = ['ignore', full.fd, full.fd] as const;
  const child = spawn(process.execPath, words, { cwd: directory, stdio: [...stdio] });
  t.after(() => child.kill('SIGKILL'));
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
  await eventually('it serves', async () => (await get('/jwks')) === 200);
  child.kill('SIGHUP');
  const answers = [await get('/jwks'), await get('/nothing'), await get('/jwks')];
  child.kill('SIGTERM');
  const [code] = (await once(child, 'close')) as unknown[];

  assert.deepEqual(answers, [200, 404, 200]);
  assert.equal(code, 0);
  const verified = await viaduct(['audit', 'verify'], directory);
  assert.equal(verified.code, 0, verified.error);
});
