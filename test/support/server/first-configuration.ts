// The configuration that `viaduct init` writes, on ports that are free: two tests may run at once.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { viaduct } from './process.ts';
import { reservedPort } from './reserved-port.ts';
import type { Ending } from './server.ts';

/** A directory with nothing in it, removed when the test ends. */
export async function emptyDirectory(t: Ending): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-cli-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A directory with a first configuration; `words` go to `init` as well. */
export async function initialised(t: Ending, words: readonly string[] = []): Promise<string> {
  const directory = await emptyDirectory(t);
  const { code, error } = await viaduct(['init', ...words], directory);
  assert.equal(code, 0, error);
  const path = join(directory, 'viaduct.yaml');
  const text = await readFile(path, 'utf8');
  const [port, management] = [await reservedPort(), await reservedPort()];
  await writeFile(path, text.replaceAll('8443', String(port)).replace('9090', String(management)));
  return directory;
}
