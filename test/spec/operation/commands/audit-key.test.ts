// The key of the audit was changed: what is there would not verify any more, so a start is refused until it is moved away.
import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { appendFile, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { lineOf } from '#test/support/server/configured-line.ts';
import { startViaduct, viaduct } from '#test/support/server/process.ts';
import { type Served, serve } from '#test/support/server/served.ts';

const newKey = (directory: string): Promise<void> =>
  writeFile(join(directory, 'keys/audit.key'), randomBytes(32).toString('base64'));

/** A server that has issued a token and ended. */
async function anEndedServer(t: TestContext, workers: number): Promise<Served> {
  const served = await serve(t, (document) => {
    document['workers'] = workers;
  });
  assert.equal((await served.exchange()).status, 200);
  served.server.child.kill('SIGTERM');
  assert.equal(await served.server.exit(), 0);
  return served;
}

/** What a start says that ends by itself, and its exit code. */
async function failedStart(t: TestContext, directory: string) {
  const server = startViaduct(['serve', '--config', 'viaduct.yaml'], directory);
  t.after(() => server.child.kill('SIGKILL'));
  return { code: await server.exit(), error: server.text() };
}

const auditFiles = async (directory: string): Promise<readonly string[]> =>
  (await readdir(join(directory, 'data'))).filter((name) => name.endsWith('.jsonl'));

async function moveAway(directory: string): Promise<void> {
  await mkdir(join(directory, 'old'));
  for (const name of await auditFiles(directory))
    await rename(join(directory, 'data', name), join(directory, 'old', name));
}

for (const workers of [1, 2])
  test(`Audit key: with workers: ${workers}, check and start refuse another key than the one that sealed what is there, and name the place and the cure`, {
    timeout: 60_000,
  }, async (t) => {
    const { directory } = await anEndedServer(t, workers);
    await newKey(directory);

    const checked = await viaduct(['check'], directory);
    const served = await failedStart(t, directory);

    const line = await lineOf(directory, 'hmacKey');
    const said = new RegExp(
      `viaduct\\.yaml:${line}:\\d+ error CONFIG_SECRET\\n {2}audit\\.hmacKey: is not the key of the first seal of \\S+/data/audit\\S*\\.jsonl: .*\\n {2}why: .*\\n {2}fix: take the old key again; .* Or move all \\S+/data/audit\\*\\.jsonl into a folder`,
    );
    assert.equal(checked.code, 2, checked.out);
    assert.equal(served.code, 2);
    for (const { error } of [checked, served]) assert.match(error, said);
  });

test('Audit key: once the files of the old key were moved away another one begins a chain, and the old key verifies the old one', {
  timeout: 60_000,
}, async (t) => {
  const served = await anEndedServer(t, 1);
  const { directory } = served;
  const oldKey = await readFile(join(directory, 'keys/audit.key'), 'utf8');
  await newKey(directory);
  await moveAway(directory);

  const checked = await viaduct(['check'], directory);
  const restarted = await served.restart();
  restarted.server.child.kill('SIGTERM');
  await restarted.server.exit();
  const verified = await viaduct(['audit', 'verify'], directory);
  await restarted.edit((document) =>
    Object.assign(document['audit'] as object, { file: 'old/audit.jsonl' }),
  );
  await writeFile(join(directory, 'keys/audit.key'), oldKey);
  const before = await viaduct(['audit', 'verify'], directory);

  assert.equal(checked.code, 0, checked.error);
  assert.equal(verified.code, 0, verified.error);
  assert.equal(before.code, 0, before.error);
});

test('Audit key: a chain that was closed for a file that holds nothing yet is known by its closed file', async (t) => {
  const { directory } = await anEndedServer(t, 1);
  const path = (name: string): string => join(directory, 'data', name);
  await rename(path('audit.jsonl'), path('audit-000000000001.jsonl'));
  await writeFile(path('audit.jsonl'), '');
  const same = await viaduct(['check'], directory);
  await newKey(directory);

  const other = await viaduct(['check'], directory);

  assert.equal(same.code, 0, same.error);
  assert.equal(other.code, 2);
  assert.match(other.error, /is not the key of the first seal of \S+audit-000000000001\.jsonl: /);
});

test('Audit key: a file that cannot be the audit is told as what it is, not as of another key', {
  timeout: 60_000,
}, async (t) => {
  const { directory } = await anEndedServer(t, 1);
  const path = join(directory, 'data/audit.jsonl');
  const whole = await readFile(path, 'utf8');
  const told: string[] = [];
  for (const text of [
    'a note\n',
    whole.replace('"event":"audit.started"', '"event":"audit.begun"'),
  ]) {
    await writeFile(path, text);
    const checked = await viaduct(['check'], directory);
    const live = await viaduct(['check', '--live'], directory);
    assert.equal(checked.code, 0, checked.error);
    assert.equal(live.code, 1);
    assert.match(live.error, /^failed audit: \S+audit\.jsonl: it does not begin as an audit: /m);
    told.push((await failedStart(t, directory)).error);
  }

  for (const error of told)
    assert.match(error, /audit\.file in viaduct\.yaml.*it does not begin as an audit: /);
});

test('Audit: an end that was changed is told by check --live before a start, of each worker', {
  timeout: 60_000,
}, async (t) => {
  const { directory } = await anEndedServer(t, 2);
  const path = join(directory, 'data/audit.w2.jsonl');
  const good = await viaduct(['check', '--live'], directory);
  await appendFile(path, 'a note\n');

  const { code, error } = await viaduct(['check', '--live'], directory);

  assert.equal(good.code, 0, good.error);
  assert.equal(code, 1);
  assert.match(error, /^failed audit: \S+audit\.w2\.jsonl: the end of the audit file was changed/m);
});

/** Another seal in the first checkpoint of a file, and a hash that fits it. */
const withOtherSeal = (text: string): string =>
  text.replace(
    /^(.*"seal":")[^"]+(".*"prev":"([^"]*)".*),"hash":"[^"]+"\}$/m,
    (_, before: string, after: string, prev: string) => {
      const body = `${before}${'A'.repeat(43)}${after}`;
      return `${body},"hash":"${hash('sha256', `${prev}${body}}`, 'base64url')}"}`;
    },
  );

test('Audit key: where the first seal was changed and its line has a new hash, a start is refused for one of two causes, and verify tells', {
  timeout: 60_000,
}, async (t) => {
  const { directory } = await anEndedServer(t, 1);
  const path = join(directory, 'data/audit.jsonl');
  await writeFile(path, withOtherSeal(await readFile(path, 'utf8')));

  const checked = await viaduct(['check'], directory);
  const verified = await viaduct(['audit', 'verify'], directory);

  assert.equal(checked.code, 2, checked.out);
  assert.match(
    checked.error,
    /is not the key of the first seal of \S+audit\.jsonl: another one made that, or it was changed\n.*\n {2}fix: .*`viaduct audit verify` tells what was changed/,
  );
  assert.equal(verified.code, 1, verified.out);
  assert.match(verified.error, /seal/);
});
