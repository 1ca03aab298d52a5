// `keys rotate` by two people at once: what one of them was told is true, and nothing of the other is written over.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { viaduct } from '#test/support/server/process.ts';

interface KeyEntry {
  readonly key: { readonly file: string };
}

for (const [what, uses] of [
  ['for one use', ['jwt', 'jwt', 'jwt']],
  ['for several uses', ['saml', 'jwt', 'encryption']],
] as const)
  test(`keys rotate: at once ${what}, each key that was told of is in the configuration, and none is left that is not`, async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'viaduct-rotate-'));
    t.after(() => rm(directory, { recursive: true, force: true }));
    await viaduct(['init'], directory);

    const rotated = await Promise.all(
      uses.map((use) => viaduct(['keys', 'rotate', '--use', use], directory)),
    );

    const text = await readFile(join(directory, 'viaduct.yaml'), 'utf8');
    const configured = (parse(text) as { keys: KeyEntry[] }).keys.map(({ key }) => key.file);
    const made = (await readdir(join(directory, 'keys')))
      .filter((name) => name.endsWith('.pem'))
      .map((name) => `keys/${name}`);
    const told = rotated.flatMap(({ code, out }) => (code === 0 ? [out.split(' ')[0]] : []));
    assert.deepEqual(made.toSorted(), configured.toSorted());
    assert.ok(told.length > 0);
    for (const file of told) assert.ok(configured.includes(file ?? ''), file);
    for (const { code, error } of rotated) assert.match(error, code === 0 ? /^$/ : /EEXIST|again/);
  });

test('keys rotate: where one was cut off, the next says what to do, and leaves nothing', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-rotate-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  await viaduct(['init'], directory);
  const before = await readdir(join(directory, 'keys'));
  await writeFile(join(directory, 'viaduct.yaml.new'), 'version');

  const cut = await viaduct(['keys', 'rotate', '--use', 'jwt'], directory);

  assert.equal(cut.code, 1);
  assert.match(cut.error, /viaduct\.yaml\.new is there: .* was cut off: remove it$/m);
  assert.deepEqual(await readdir(join(directory, 'keys')), before);
  await rm(join(directory, 'viaduct.yaml.new'));
  assert.equal((await viaduct(['keys', 'rotate', '--use', 'jwt'], directory)).code, 0);
});
