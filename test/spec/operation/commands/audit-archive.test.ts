// Audit files that were moved away (docs/operations.md): shown to `audit verify` they count, and nothing else in their place does.
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { auditChains } from '#src/audit/file/audit-files.ts';
import { viaduct } from '#test/support/server/process.ts';
import { startServer } from '#test/support/server/server.ts';

/** A stopped server whose whole audit was moved to `archive`, and what a new chain in its place says. */
async function moved(t: Parameters<typeof startServer>[0]) {
  const server = await startServer(t);
  const { body } = await server.exchange();
  await server.stop();
  const folder = join(server.directory, 'data');
  const archive = join(server.directory, 'archive');
  await mkdir(archive);
  await rename(join(folder, 'audit.jsonl'), join(archive, 'audit.jsonl'));
  const verify = (...words: string[]) => viaduct(['audit', 'verify', ...words], server.directory);
  return { archive, server, token: String(body['access_token']), verify };
}

test('audit verify: a chain that was moved away is read where it is, to the last line', async (t) => {
  const { archive, verify } = await moved(t);

  assert.equal((await verify()).code, 1);
  const { code, out, error } = await verify('--archive', archive);
  assert.equal(code, 0, error);
  assert.match(out, /[1-9]\d* records, 0 problems/);
});

test('audit verify: what was changed in the archive is found there', async (t) => {
  const { archive, verify } = await moved(t);
  const path = join(archive, 'audit.jsonl');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace('"minted"', '"failed"'));

  const { code, error } = await verify('--archive', archive);

  assert.equal(code, 1);
  assert.match(error, /archive.audit\.jsonl:\d+: it was changed/);
});

test('audit verify: an archive that is not there is a wrong call, not an archive where all is well', async (t) => {
  const { verify } = await moved(t);

  const { code, error } = await verify('--archive', 'nowhere');

  assert.equal(code, 2);
  assert.match(error, /--archive nowhere: there is no such folder/);
});

test('audit verify: the folder of the audit itself, or one archive named twice, is not read twice', async (t) => {
  const server = await startServer(t);
  await server.exchange();
  await server.stop();
  const verify = (...words: string[]) => viaduct(['audit', 'verify', ...words], server.directory);
  const { out: once } = await verify();

  const { out: asArchive } = await verify('--archive', 'data');
  await mkdir(join(server.directory, 'archive'));
  await rename(
    join(server.directory, 'data/audit.jsonl'),
    join(server.directory, 'archive/audit.jsonl'),
  );
  const { out: twice } = await verify('--archive', 'archive', '--archive', './data/../archive/');

  assert.match(once, /[1-9]\d* records, 0 problems/);
  assert.equal(asArchive, once);
  assert.equal(twice.replaceAll('/archive/', '/data/'), once);
});

test('audit grep: an empty token is a wrong call, not a token without records', async (t) => {
  const { server } = await moved(t);

  const { code, error } = await viaduct(['audit', 'grep', '--token', ''], server.directory);

  assert.equal(code, 2);
  assert.match(error, /the token is empty/);
});

test('auditChains: a folder that cannot be read is not taken as an empty one', async (t) => {
  const { server } = await moved(t);
  const unreadable = join(server.directory, 'x'.repeat(300));

  await assert.rejects(auditChains(join(server.directory, 'data/audit.jsonl'), [unreadable]), {
    code: 'ENAMETOOLONG',
  });
});

test('audit verify: a witness that cannot be read is told with the reason', async (t) => {
  const { server, verify } = await moved(t);

  const { code, error } = await verify('--witness', server.directory);

  assert.equal(code, 2);
  assert.match(error, /cannot be read \(EISDIR\)/);
});

test('audit grep: looks into the archive too', async (t) => {
  const { archive, server, token } = await moved(t);
  const find = (...words: string[]) =>
    viaduct(['audit', 'grep', '--token', token, ...words], server.directory);

  assert.equal((await find()).code, 1);
  const { code, out } = await find('--archive', archive);
  assert.equal(code, 0);
  assert.match(out, /"outcome":"minted"/);
});

test('auditChains: closed files of an archive stand before those that are left, and a copy does not count twice', async (t) => {
  const { archive, server } = await moved(t);
  const folder = join(server.directory, 'data');
  const base = join(folder, 'audit.jsonl');
  await rename(join(archive, 'audit.jsonl'), base);
  for (const name of [
    'audit-000000000001.jsonl',
    'audit-000000000100.jsonl',
    'audit.w1-000000000001.jsonl',
  ])
    await writeFile(join(archive, name), '');
  await writeFile(join(folder, 'audit-000000000100.jsonl'), '');

  const chains = await auditChains(base, [archive]);

  assert.deepEqual(chains, [
    [join(archive, 'audit-000000000001.jsonl'), join(folder, 'audit-000000000100.jsonl'), base],
    [join(archive, 'audit.w1-000000000001.jsonl')],
  ]);
  assert.ok((await readdir(archive)).length > 0);
});
