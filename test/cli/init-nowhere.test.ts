// Folders that nobody can make, as below /proc: the system says that there is no such place, though the one above is there.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { emptyDirectory, initialised } from '#test/support/server/first-configuration.ts';
import { startViaduct } from '#test/support/server/process.ts';

const NOWHERE = '/proc/nowhere';

function hasNowhere(t: TestContext): boolean {
  if (!existsSync('/proc/self')) t.skip('no /proc');
  return existsSync('/proc/self');
}

/** Ended by the test where it does not end by itself. */
function run(t: TestContext, words: readonly string[], directory: string) {
  const running = startViaduct(words, directory);
  t.after(() => running.child.kill('SIGKILL'));
  return running;
}

const ENDS = { timeout: 60_000 };

test('init in a folder that nobody can make fails, and names it', ENDS, async (t) => {
  if (!hasNowhere(t)) return;

  const init = run(t, ['init', '--directory', `${NOWHERE}/deep`], await emptyDirectory(t));

  assert.equal(await init.exit(), 1);
  assert.match(init.text(), /^viaduct init: ENOENT.*'\/proc\/nowhere'/);
});

for (const [setting, path] of [
  ['audit.file', 'data/audit.jsonl'],
  ['store.sqlite.path', 'data/viaduct.db'],
] as const)
  test(`serve with ${setting} in such a folder fails, and names the setting`, ENDS, async (t) => {
    if (!hasNowhere(t)) return;
    const directory = await initialised(t);
    const file = join(directory, 'viaduct.yaml');
    await writeFile(file, (await readFile(file, 'utf8')).replace(path, `${NOWHERE}/${path}`));

    const serve = run(t, ['serve'], directory);

    assert.equal(await serve.exit(), 1);
    assert.match(serve.text(), new RegExp(`${setting} in viaduct.yaml.*ENOENT.*'${NOWHERE}'`));
  });
