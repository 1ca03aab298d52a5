// An embedded store that is damaged: the server starts without it, and says so.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { aConfigDocument } from '#test/support/server/document.ts';
import { startViaduct } from '#test/support/server/process.ts';
import { createPartner, writeConfiguration } from '#test/support/server/server.ts';

test('Store: a damaged file that is set aside is logged as an error, with the name it has now', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-damaged-'));
  t.after(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  const { jwks } = await createPartner({ now: () => Math.floor(Date.now() / 1000) });
  await writeConfiguration(directory, aConfigDocument(), jwks);
  await mkdir(join(directory, 'data'), { recursive: true, mode: 0o700 });
  await writeFile(join(directory, 'data/viaduct.db'), 'no database '.repeat(1000));

  const running = startViaduct(['serve', '--config', 'viaduct.yaml'], directory);
  t.after(() => running.child.kill('SIGKILL'));
  const [line, aside = ''] = await running.says(/^.*"setAside":"([^"]+)".*$/m);

  assert.ok(existsSync(aside), aside);
  assert.equal(Reflect.get(JSON.parse(line), 'level'), 'error');
});
