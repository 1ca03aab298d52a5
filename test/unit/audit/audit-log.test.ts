import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, stat, utimes } from 'node:fs/promises';
import test from 'node:test';
import { lookupHash } from '#src/audit/audit-key.ts';
import { openAuditLog } from '#src/audit/audit-log.ts';
import { openAuditFile } from '#src/audit/file/audit-file.ts';
import { auditPath } from '#src/audit/file/audit-files.ts';
import { verifyAudit } from '#src/audit/verify.ts';
import {
  aDisk,
  anAudit,
  aPath,
  aRecord,
  aWrittenAudit,
  KEY,
  linesOf,
  PATIENT,
} from './audit-fixture.ts';

const UNAVAILABLE = { name: 'ExchangeFailure', reason: 'dependency-unavailable' };

test('audit: a record is in the file when append returns', async (t) => {
  const audit = await anAudit(t);

  await audit.append(aRecord({ correlationId: 'here' }));

  assert.match(await readFile(audit.path, 'utf8'), /"correlationId":"here"/);
});

test('audit: the first lines start the chain and seal it', async (t) => {
  const audit = await anAudit(t);

  const lines = await linesOf(audit.path);

  assert.deepEqual(
    lines.map(({ seq, event }) => [seq, event]),
    [
      [1, 'audit.started'],
      [2, 'audit.checkpoint'],
    ],
  );
});

test('audit: each hash is SHA-256 over the hash before and the line without its own', async (t) => {
  const audit = await anAudit(t);
  await audit.append(aRecord());

  const texts = (await readFile(audit.path, 'utf8')).trimEnd().split('\n');

  let prev = '';
  for (const text of texts) {
    const [, body, stated] = /^(.*),"hash":"(.{43})"\}$/.exec(text) ?? [];
    const expected = createHash('sha256').update(`${prev}${body}}`).digest('base64url');
    assert.equal(stated, expected);
    prev = expected;
  }
  assert.equal(audit.head().hash, prev);
});

test('audit: a line states version, number, time, the record in a fixed order, and the hash before', async (t) => {
  const audit = await anAudit(t, { now: () => Date.UTC(2027, 0, 15, 8, 0, 0, 12) });

  await audit.append({
    sourceAddress: '192.0.2.1',
    correlationId: 'c-1',
    outcome: 'refused',
    reason: 'target-unknown',
    requestor: { method: 'none', kind: 'client', id: 'gateway' },
    event: 'token.exchange',
  });

  const last = (await readFile(audit.path, 'utf8')).trimEnd().split('\n').at(-1);
  assert.match(
    last ?? '',
    /^\{"v":1,"seq":3,"time":"2027-01-15T08:00:00\.012Z","event":"token\.exchange","outcome":"refused","correlationId":"c-1","reason":"target-unknown","requestor":\{"id":"gateway","kind":"client","method":"none"\},"sourceAddress":"192\.0\.2\.1","prev":"[\w-]{43}","hash":"[\w-]{43}"\}$/,
  );
});

test('audit: no token id is written in clear, wherever the record names a token', async (t) => {
  const audit = await anAudit(t);
  const issuer = 'https://idp.example';
  const secretId = (name: string) => ({ issuer, id: `jti-${name}` });

  await audit.append(
    aRecord({
      token: secretId('own'),
      parents: [secretId('parent-1'), secretId('parent-2')],
      subject: { issuer, id: 'alice', token: secretId('subject') },
      actors: [{ issuer, id: 'gateway', token: secretId('actor') }],
    }),
  );

  const text = await readFile(audit.path, 'utf8');
  assert.doesNotMatch(text, /jti-/);
  for (const name of ['own', 'parent-1', 'parent-2', 'subject', 'actor']) {
    assert.ok(text.includes(`"idHash":"${lookupHash(KEY, secretId(name))}"`), name);
  }
});

test('audit: a requestor of another issuer is on record with that issuer', async (t) => {
  const audit = await anAudit(t);
  const issuer = 'https://idp.example';

  await audit.append(
    aRecord({ requestor: { id: 'alice', kind: 'principal', method: 'issued-token', issuer } }),
  );

  const [line] = (await linesOf(audit.path)).slice(-1);
  assert.deepEqual(line?.['requestor'], {
    id: 'alice',
    kind: 'principal',
    method: 'issued-token',
    issuer,
  });
});

test('audit: what a caller adds to a record at run time is not written', async (t) => {
  const audit = await anAudit(t);
  const requestor = { id: 'gateway', kind: 'client', method: 'none', secret: 'hidden-1' };
  const record = { ...aRecord({ requestor }), assertion: 'hidden-2' };

  await audit.append(record);

  assert.doesNotMatch(await readFile(audit.path, 'utf8'), /hidden/);
});

test('audit: the keyed hash separates issuer and id', () => {
  const left = lookupHash(KEY, { issuer: 'https://a', id: 'bc' });
  const right = lookupHash(KEY, { issuer: 'https://ab', id: 'c' });

  assert.notEqual(left, right);
});

test('audit: a key of less than 32 bytes is refused', async (t) => {
  const path = await aPath(t);

  await assert.rejects(openAuditLog({ path, key: new Uint8Array(31) }), /32 bytes/);
});

test('audit: records that arrive while a write is under way share the next one', async (t) => {
  const disk = aDisk();
  const audit = await anAudit(t, { openFile: disk.openFile });
  const before = disk.writes;

  await Promise.all(Array.from({ length: 64 }, () => audit.append(aRecord())));

  assert.equal(disk.writes - before, 2);
  assert.equal((await linesOf(audit.path)).length, 2 + 64);
});

test('audit: only its owner may read the file', async (t) => {
  const audit = await anAudit(t);

  assert.equal((await stat(audit.path)).mode & 0o777, 0o600);
});

test('audit: a checkpoint is made after so many records', async (t) => {
  const audit = await anAudit(t, { checkpointEveryRecords: 2 });

  for (let index = 0; index < 5; index += 1) await audit.append(aRecord());

  const events = (await linesOf(audit.path)).map(({ event }) => event);
  assert.deepEqual(
    events.map((event, index) => (event === 'audit.checkpoint' ? index + 1 : 0)).filter(Boolean),
    [2, 5, 8],
  );
});

test('audit: a checkpoint is made after a while when there was a record', async (t) => {
  const made = Promise.withResolvers<void>();
  let writes = 0;
  const audit = await anAudit(t, {
    checkpointEveryMilliseconds: 5,
    onWrite() {
      writes += 1;
      if (writes === 3) made.resolve();
    },
  });

  await audit.append(aRecord());
  await made.promise;

  const [, , , last] = await linesOf(audit.path);
  assert.equal(last?.event, 'audit.checkpoint');
});

test('audit: closing writes what waits and a last checkpoint, and takes no more', async (t) => {
  const audit = await anAudit(t);
  const appended = [audit.append(aRecord()), audit.append(aRecord())];

  const closed = audit.close();
  await assert.rejects(audit.append(aRecord()), UNAVAILABLE);
  await closed;

  await Promise.all(appended);
  assert.equal((await linesOf(audit.path)).at(-1)?.event, 'audit.checkpoint');
  await assert.rejects(audit.append(aRecord()), UNAVAILABLE);
  await assert.rejects(audit.probe(), UNAVAILABLE);
});

test('audit: a chain goes on in the next run', async (t) => {
  const path = await aPath(t);
  const first = await openAuditLog({ ...PATIENT, path });
  await first.append(aRecord());
  await first.close();

  const second = await anAudit(t, { path });
  await second.append(aRecord());

  const report = await verifyAudit([[path]], KEY);
  assert.deepEqual(report.problems, []);
  assert.equal(report.records, 2);
  assert.equal(second.head().chain, first.head().chain);
});

test('audit: each further process has a file of its own', () => {
  assert.equal(auditPath('data/audit.jsonl', undefined), 'data/audit.jsonl');
  assert.equal(auditPath('data/audit.jsonl', 'w1'), 'data/audit.w1.jsonl');
  assert.equal(auditPath('/audit.jsonl', 'w1'), '/audit.w1.jsonl');
});

test('audit: a file that ends well is not cut, for one that may only be appended to (chattr +a) cannot be', async (t) => {
  const path = await aWrittenAudit(t, 1);
  const { size } = await stat(path);
  const past = new Date(0);
  await utimes(path, past, past);
  const file = await openAuditFile(path);
  t.after(() => file.close());

  const removed = await file.cut(size);

  assert.equal(removed.bytes, 0);
  assert.deepEqual((await stat(path)).mtime, past);
});
