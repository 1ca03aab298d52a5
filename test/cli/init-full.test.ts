// `viaduct init`, and the first start, on a disk that has no room for all of it: no file stays, so that the next one begins anew.
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { emptyDirectory } from '#test/support/server/first-configuration.ts';
import { MAIN, startProgram, viaduct } from '#test/support/server/process.ts';

async function filesIn(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

// In blocks of 512 bytes: of a file that is longer the disk takes the beginning.
for (const command of ['init', 'serve'])
  for (const [blocks, what] of [
    [0, 'the first key'],
    [4, 'a key in the middle'],
    [5, 'the configuration'],
  ] as const)
    test(`${command}: where the disk takes only the beginning of ${what} no file stays, and what comes next begins anew`, async (t) => {
      const directory = await emptyDirectory(t);
      const shell = `ulimit -f ${blocks}; exec "$@"`;

      const words = ['-c', shell, 'sh', process.execPath, MAIN, command];
      const running = startProgram('sh', words, directory);
      const code = await running.exit();
      const left = await filesIn(directory);
      const next = await viaduct(['init'], directory);

      assert.equal(code, 1, running.text());
      assert.match(running.text(), /EFBIG/);
      assert.deepEqual(left, []);
      assert.equal(next.code, 0, next.error);
    });
