// Where the server keeps files of its own. Each path is set by mistake sooner or later to what is no file, or somebody else's.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileRefused } from '#src/config/document/text-file.ts';
import { makeFolders, requireRegularOrNone } from '#src/config/kept-file.ts';
import { errorsOf } from './document.ts';

test('Configuration: a file is kept where one is, or none yet', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-kept-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  await writeFile(join(directory, 'file'), '');
  await symlink('file', join(directory, 'link'));
  await symlink('not-yet', join(directory, 'dangling'));

  for (const path of ['file', 'link', 'dangling', 'none', 'no/folder/yet'])
    await requireRegularOrNone(join(directory, path));
});

test('Configuration: the folders of a file that is kept are made for their owner only, and those that are there stay', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-kept-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const standing = join(directory, 'standing');
  await mkdir(standing, { mode: 0o755 });

  await makeFolders(join(standing, 'data', 'inner'));
  await makeFolders(standing);

  const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
  assert.equal(await modeOf(join(standing, 'data', 'inner')), '700');
  assert.equal(await modeOf(join(standing, 'data')), '700');
  assert.equal(await modeOf(standing), '755');
});

test('Configuration: no file is kept where something else is, and nobody waits for it', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-kept-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  await mkdir(join(directory, 'folder'));
  await writeFile(join(directory, 'file'), '');
  execFileSync('mkfifo', [join(directory, 'pipe')]);
  await symlink('/dev/zero', join(directory, 'device'));
  await symlink('circle', join(directory, 'circle'));

  for (const path of ['folder', 'pipe', 'device'])
    await assert.rejects(
      requireRegularOrNone(join(directory, path)),
      new FileRefused('is no regular file'),
    );
  for (const path of ['file/inner', 'file/further/inner'])
    await assert.rejects(
      requireRegularOrNone(join(directory, path)),
      new FileRefused(`leads through ${join(directory, 'file')}, which is no folder`),
    );
  await assert.rejects(requireRegularOrNone(join(directory, 'circle')), { code: 'ELOOP' });
});

for (const path of ['keys/audit.key', 'keys/../partner.jwks.json', 'viaduct.yaml'])
  test(`Configuration: the store is not kept in ${path}, which the configuration is made of: it would be set aside as damaged`, async () => {
    const errors = await errorsOf((document) => {
      document['store'] = { sqlite: { path } };
    });

    assert.deepEqual(errors, ['CONFIG_INVALID_VALUE store.sqlite.path']);
  });

test('Configuration: the store and the audit are not kept in one file', async () => {
  const errors = await errorsOf((document) => {
    document['store'] = { sqlite: { path: 'data/audit.jsonl' } };
  });

  assert.deepEqual(errors, ['CONFIG_INVALID_VALUE store.sqlite.path']);
});
