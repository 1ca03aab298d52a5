// The audit as an operator meets it: `audit verify` after what happened, `audit grep` for a token in hand.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { viaduct } from '#test/support/server/process.ts';
import { startServer } from '#test/support/server/server.ts';

const OPERATIONS = new URL('../../../../docs/operations.md', import.meta.url);
const SAML2_TYPE = 'urn:ietf:params:oauth:token-type:saml2';

test('audit grep: finds an exchange by the token it gave, the token it took, and an id', async (t) => {
  const server = await startServer(t);
  const subject = await server.partner.sign({ jti: 'subject-1' });
  const { body } = await server.exchange({ subject_token: subject });
  const issued = String(body['access_token']);
  await server.exchange();
  await server.stop();

  const grep = (...words: string[]) =>
    viaduct(['audit', 'grep', ...words, '--config', 'viaduct.yaml'], server.directory);
  const byIssued = await grep('--token', issued);
  const bySubject = await grep('--token', subject);
  const byId = await grep('--token', 'subject-1', '--issuer', 'https://partner.example');
  const unknown = await grep('--token', 'nobody-knows-it');
  const without = await grep();

  assert.equal(byIssued.code, 0, byIssued.error);
  assert.match(byIssued.out, /"outcome":"allowed".*\n.*"outcome":"minted"/);
  assert.equal(bySubject.out, byIssued.out);
  assert.equal(byId.out, byIssued.out);
  assert.equal(unknown.code, 1);
  assert.equal(unknown.out, '');
  assert.match(unknown.error, /no record of this token in 1 file; .*--archive/);
  assert.equal(without.code, 2);
});

test('audit verify: of a file that is damaged throughout the first lines are told, then how many more; the counts are true', async (t) => {
  const server = await startServer(t);
  for (let times = 0; times < 3; times += 1) await server.exchange();
  await server.stop();
  const verify = () => viaduct(['audit', 'verify'], server.directory);
  const whole = await verify();
  const records = Number(/(\d+) records, 0 problems/.exec(whole.out)?.[1]);
  const file = join(server.directory, 'data/audit.jsonl');
  await appendFile(file, 'x\n'.repeat(2000));

  const { code, error, out } = await verify();

  assert.equal(whole.code, 0, whole.error);
  assert.equal(code, 1);
  const told = error.trimEnd().split('\n');
  assert.equal(told.length, 21, error);
  assert.ok(told.slice(0, -1).every((line) => /audit\.jsonl:\d+: /.test(line)));
  const problems = Number(/records, (\d+) problems/.exec(out)?.[1]);
  assert.match(out, new RegExp(`${records} records, `));
  assert.ok(problems >= 2000, out);
  assert.match(told.at(-1) ?? '', new RegExp(`audit\\.jsonl: ${problems - 20} more$`));
});

/** A chain as anybody can write it who has no key. */
function aForgedChain(event: 'audit.started' | 'audit.continued'): string {
  const lines: string[] = [];
  let [seq, prev] = event === 'audit.started' ? [0, ''] : [4711, 'A'.repeat(43)];
  const contents = [
    { event, chain: 'forged' },
    { event: 'token.exchange', outcome: 'minted', correlationId: 'forged' },
  ];
  for (const content of contents) {
    seq += 1;
    const time = new Date().toISOString();
    const body = JSON.stringify({ v: 1, seq, time, ...content, prev });
    prev = hash('sha256', prev + body, 'base64url');
    lines.push(`${body.slice(0, -1)},"hash":"${prev}"}\n`);
  }
  return lines.join('');
}

for (const event of ['audit.started', 'audit.continued'] as const)
  test(`audit verify: a chain that begins with ${event} and was written without the key is found, also once a server has gone on with it`, async (t) => {
    const server = await startServer(t);
    await server.exchange();
    await server.stop();
    const verify = () => viaduct(['audit', 'verify'], server.directory);

    await writeFile(join(server.directory, 'data/audit.jsonl'), aForgedChain(event));
    const forged = await verify();
    const restarted = await server.restart();
    await restarted.stop();
    const goneOnWith = await verify();

    assert.deepEqual([forged.code, goneOnWith.code], [1, 1], forged.out + goneOnWith.out);
    for (const { error } of [forged, goneOnWith])
      assert.match(error, /audit\.jsonl:2: no checkpoint stands before it/);
  });

test('audit verify: an end that was cut off is found by the checkpoints that were kept elsewhere', async (t) => {
  const server = await startServer(t);
  await server.exchange();
  await server.stop();
  const file = join(server.directory, 'data/audit.jsonl');
  const lines = (await readFile(file, 'utf8')).split(/(?<=\n)/);
  const checkpoints = lines.filter((line) => line.includes('"event":"audit.checkpoint"'));
  await writeFile(join(server.directory, 'kept.jsonl'), checkpoints.join(''));
  const verify = (...words: string[]) => viaduct(['audit', 'verify', ...words], server.directory);

  const whole = await verify('--witness', 'kept.jsonl');
  await writeFile(file, lines.slice(0, 2).join(''));
  const alone = await verify();
  const witnessed = await verify('--witness', 'kept.jsonl');
  const misspelt = await verify('--witness', 'keep.jsonl');

  assert.equal(whole.code, 0, whole.error);
  assert.equal(alone.code, 0, alone.error);
  assert.equal(witnessed.code, 1, witnessed.out);
  assert.match(witnessed.error, /audit\.jsonl:2: the end is gone: a checkpoint knows line \d+/);
  assert.equal(misspelt.code, 2);
});

test('audit grep: finds an assertion, as XML and in base64url', async (t) => {
  const server = await startServer(t, async (document, directory) => {
    await withSaml(document, directory);
  });
  const { body, text } = await server.exchange({ requested_token_type: SAML2_TYPE });
  const encoded = String(body['access_token']);
  const xml = Buffer.from(encoded, 'base64url').toString();
  await server.stop();

  for (const token of [encoded, xml]) {
    const { code, out } = await viaduct(['audit', 'grep', '--token', token], server.directory);
    await writeFile(join(server.directory, 'token'), `${token}\n`);
    const ofFile = await viaduct(['audit', 'grep', '--token', '@token'], server.directory);
    assert.equal(code, 0, text);
    assert.match(out, /"outcome":"minted"/);
    assert.equal(ofFile.out, out);
  }
});

test('docs/operations.md: names every member and event of what is on record', async (t) => {
  const server = await startServer(t);
  const token = await server.partner.sign({ jti: 'one' });
  const { body } = await server.exchange({ subject_token: token, scope: 'orders.read' });
  await server.exchange({ resource: 'https://nobody.example/' });
  await server.post('/introspect', { token: String(body['access_token']) });
  await server.post('/revoke', { token: String(body['access_token']) });
  const section = (await readFile(OPERATIONS, 'utf8'))
    .split(/^## /m)
    .find((part) => part.startsWith('Audit\n'));

  const lines = (await readFile(join(server.directory, 'data/audit.jsonl'), 'utf8'))
    .trim()
    .split('\n');
  const records = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);

  const told = records
    .filter(({ event }) => !String(event).startsWith('audit.'))
    .flatMap((record) => [
      ...Object.keys(record),
      String(record['event']),
      String(record['outcome']),
    ]);
  assert.ok(new Set(told).size > 20, told.join(' '));
  assert.deepEqual(
    [...new Set(told)].filter((word) => !section?.includes(`\`${word}\``)),
    [],
  );
});
