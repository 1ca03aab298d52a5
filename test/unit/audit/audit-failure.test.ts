// What happens when the disk does not do as it should (reliability rows 22 to 24).
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { openAuditLog } from '#src/audit/audit-log.ts';
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
  SECRET,
} from './audit-fixture.ts';

const UNAVAILABLE = { name: 'ExchangeFailure', reason: 'dependency-unavailable' };
const NEVER = { probeEveryMilliseconds: 2 ** 30 };
const WRITER = fileURLToPath(new URL('./audit-writer.ts', import.meta.url));

test('audit: a failed write refuses every record in it and is counted', async (t) => {
  let failures = 0;
  const disk = aDisk();
  const onFailure = () => void (failures += 1);
  const audit = await anAudit(t, { ...NEVER, openFile: disk.openFile, onFailure });
  disk.fault = 'full';

  const results = await Promise.allSettled([1, 2, 3].map(() => audit.append(aRecord())));

  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  );
  assert.equal(failures, 1);
});

test('audit: it stays closed after a failed write until a probe has succeeded', async (t) => {
  const disk = aDisk();
  const audit = await anAudit(t, { ...NEVER, openFile: disk.openFile });
  disk.fault = 'full';
  await assert.rejects(audit.append(aRecord()), UNAVAILABLE);
  await assert.rejects(audit.probe(), UNAVAILABLE);
  disk.fault = 'none';

  await assert.rejects(audit.append(aRecord()), UNAVAILABLE);
  await audit.probe();
  await audit.append(aRecord({ correlationId: 'after' }));

  assert.equal((await linesOf(audit.path)).at(-1)?.['correlationId'], 'after');
});

test('audit: it heals also where somebody has given its file another name', async (t) => {
  const disk = aDisk();
  const audit = await anAudit(t, { ...NEVER, openFile: disk.openFile });
  const moved = `${audit.path}.moved`;
  await rename(audit.path, moved);
  disk.fault = 'full';
  await assert.rejects(audit.append(aRecord()), UNAVAILABLE);
  disk.fault = 'none';

  await audit.probe();
  await audit.append(aRecord({ correlationId: 'after' }));

  assert.equal((await linesOf(moved)).at(-1)?.['correlationId'], 'after');
});

test('audit: nothing is on record in a file that was deleted, for nobody could ever read it', async (t) => {
  const causes: unknown[] = [];
  const audit = await anAudit(t, { ...NEVER, onFailure: (cause) => void causes.push(cause) });
  await audit.append(aRecord());
  await rm(audit.path);

  await assert.rejects(audit.append(aRecord()), UNAVAILABLE);
  await assert.rejects(audit.probe(), UNAVAILABLE);

  assert.match(String(causes[0]), /the file was deleted: start the server again/);
});

test('audit: it probes by itself, so that it heals without traffic', async (t) => {
  const disk = aDisk();
  const healed = Promise.withResolvers<void>();
  let writes = 0;
  const audit = await anAudit(t, {
    openFile: disk.openFile,
    probeEveryMilliseconds: 5,
    onWrite() {
      writes += 1;
      if (writes === 2) healed.resolve();
    },
  });
  disk.fault = 'full';
  await assert.rejects(audit.append(aRecord()), UNAVAILABLE);
  disk.fault = 'none';

  await healed.promise;

  assert.equal((await linesOf(audit.path)).at(-1)?.event, 'audit.recovered');
});

test('audit: what a failed write left is cut, and the chain tells of it', async (t) => {
  const disk = aDisk();
  const audit = await anAudit(t, { ...NEVER, openFile: disk.openFile });
  const good = audit.head();
  disk.fault = 'torn';
  await assert.rejects(audit.append(aRecord({ correlationId: 'torn' })), UNAVAILABLE);
  disk.fault = 'none';

  await audit.probe();

  const last = (await linesOf(audit.path)).at(-1);
  const report = await verifyAudit([[audit.path]], KEY);
  assert.deepEqual(last?.['good'], { seq: good.seq, hash: good.hash });
  assert.doesNotMatch(await readFile(audit.path, 'utf8'), /"torn"/);
  assert.deepEqual(report.problems, []);
  assert.match(report.notes[0]?.what ?? '', /what a failed write had left was cut/);
});

test('audit: what the first failed write left is what the chain tells of, however often telling it fails', async (t) => {
  const disk = aDisk();
  const audit = await anAudit(t, { ...NEVER, openFile: disk.openFile });
  const good = await stat(audit.path);
  disk.fault = 'torn';
  await assert.rejects(audit.append(aRecord({ detail: 'long'.repeat(500) })), UNAVAILABLE);
  const torn = await stat(audit.path);
  for (let time = 0; time < 2; time += 1) await assert.rejects(audit.probe(), UNAVAILABLE);
  disk.fault = 'none';

  await audit.probe();

  const last = (await linesOf(audit.path)).at(-1);
  const removed = JSON.stringify(last?.['removed']);
  assert.ok(removed.startsWith(`{"bytes":${torn.size - good.size},`), removed);
  assert.deepEqual((await verifyAudit([[audit.path]], KEY)).problems, []);
});

test('audit: while a disk has room for a line of ours and for no record it stays closed, however often it is asked', async (t) => {
  const disk = aDisk();
  const audit = await anAudit(t, { ...NEVER, openFile: disk.openFile });
  const good = audit.head();
  const long = aRecord({ detail: 'long'.repeat(500) });
  disk.fault = 'last block';
  await assert.rejects(audit.append(long), UNAVAILABLE);

  for (let time = 0; time < 3; time += 1) await assert.rejects(audit.probe(), UNAVAILABLE);

  const whole = await stat(audit.path);
  disk.fault = 'none';
  await audit.probe();
  await audit.append(long);
  const lines = await linesOf(audit.path);
  const recovered = lines.filter(({ event }) => event === 'audit.recovered');
  assert.equal(recovered.length, 1);
  assert.deepEqual(recovered[0]?.['good'], { seq: good.seq, hash: good.hash });
  // What the record had left, not what was tried since.
  assert.match(JSON.stringify(recovered[0]?.['removed']), /^\{"bytes":1\d{3},/);
  assert.ok(whole.size < 2000, `${whole.size}`);
  assert.deepEqual((await verifyAudit([[audit.path]], KEY)).problems, []);
});

test('audit: a record that takes too long is refused, and so is all behind it at once', async (t) => {
  let failures = 0;
  const disk = aDisk();
  const onFailure = () => void (failures += 1);
  const audit = await anAudit(t, { openFile: disk.openFile, waitMilliseconds: 10, onFailure });
  disk.fault = 'hangs';

  await assert.rejects(audit.append(aRecord()), UNAVAILABLE);
  await assert.rejects(audit.append(aRecord()), UNAVAILABLE);
  await assert.rejects(audit.probe(), UNAVAILABLE);
  // Before the end: a real disk may take as long for the last checkpoint.
  const counted = failures;
  disk.resume();
  await audit.close();

  const report = await verifyAudit([[audit.path]], KEY);
  assert.equal(counted, 1);
  assert.deepEqual(report.problems, []);
  // The first one was written late; the one behind it did not even wait.
  assert.equal(report.records, 1);
});

test('audit: a torn last line is cut at the start, and the chain goes on behind the last good one', async (t) => {
  const path = await aWrittenAudit(t, 3);
  await appendFile(path, '{"v":1,"seq":7,"time":"2027-');

  const audit = await anAudit(t, { path });
  await audit.append(aRecord());

  const report = await verifyAudit([[path]], KEY);
  assert.deepEqual(report.problems, []);
  assert.equal(report.records, 4);
  assert.match(report.notes[0]?.what ?? '', /"good":\{"seq":6,.*"removed":\{"bytes":28,/);
});

test('audit: a last line that lacks but its newline is torn too: nobody was told that it is durable', async (t) => {
  const path = await aWrittenAudit(t, 3);
  await truncate(path, (await readFile(path)).length - 1);

  await anAudit(t, { path });

  assert.deepEqual((await verifyAudit([[path]], KEY)).problems, []);
});

test('audit: zeros that a power cut left at the end are cut', async (t) => {
  const path = await aWrittenAudit(t, 3);
  await appendFile(path, Buffer.concat([Buffer.alloc(4096), Buffer.from('},"prev":""}\n{"v":1')]));

  await anAudit(t, { path });

  assert.deepEqual((await verifyAudit([[path]], KEY)).problems, []);
});

test('audit: lines longer than the window are found', async (t) => {
  const path = await aPath(t);
  const first = await openAuditLog({ ...PATIENT, path });
  await first.append(aRecord({ detail: 'x'.repeat(300_000) }));
  await first.close();
  await appendFile(path, `{"v":1,${' '.repeat(200_000)}`);

  await anAudit(t, { path });

  assert.deepEqual((await verifyAudit([[path]], KEY)).problems, []);
});

test('audit: a first write that was torn starts anew', async (t) => {
  const path = await aPath(t);
  await writeFile(path, '{"v":1,"seq":1,"time":"20');

  await anAudit(t, { path });

  assert.deepEqual((await verifyAudit([[path]], KEY)).problems, []);
});

test('audit: a changed last line is not cut but refused: cutting would destroy the evidence', async (t) => {
  const path = await aWrittenAudit(t, 3);
  const text = await readFile(path, 'utf8');
  const changed = text.replace('"correlationId":"c-3"', '"correlationId":"c-4"');
  await writeFile(path, changed);

  await assert.rejects(openAuditLog({ path, key: SECRET }), /was changed/);

  assert.equal(await readFile(path, 'utf8'), changed);
});

for (const [name, content] of [
  ['a text without a newline', 'a password in a file that is named by mistake'],
  ['a text', 'one\ntwo\n'],
  ['a binary file', Buffer.from([1, 0, 2, 0, 10])],
] as const) {
  test(`audit: ${name} is not taken for an audit file and stays as it is`, async (t) => {
    const path = await aPath(t);
    await writeFile(path, content);

    await assert.rejects(openAuditLog({ path, key: SECRET }), /was changed/);

    assert.deepEqual(await readFile(path), Buffer.from(content));
  });
}

test('audit: a file that cannot be written at the start is a refusal', async (t) => {
  const disk = aDisk();
  disk.fault = 'full';

  await assert.rejects(anAudit(t, { openFile: disk.openFile }), UNAVAILABLE);
});

test('audit: what is no regular file is refused at the start, without waiting for who reads a pipe', async (t) => {
  const path = await aPath(t);
  execFileSync('mkfifo', [path]);

  await assert.rejects(
    openAuditLog({ path, key: SECRET }),
    new Error(`${path} is no regular file`),
  );
});

test('audit: a second writer of the same file is refused, one with a suffix is not', async (t) => {
  const { path } = await anAudit(t);

  await assert.rejects(
    openAuditLog({ path, key: SECRET }),
    /another process writes .*, perhaps this server/,
  );
  await anAudit(t, { path, suffix: 'w1' });
});

test('audit: nobody but its owner can open the lock beside it: whoever reads it could hold it, and no server would start', async (t) => {
  const { path } = await anAudit(t);

  const folder = await readdir(dirname(path));

  const locks = folder.filter((name) => name.includes('.lock'));
  assert.ok(locks.length > 0);
  for (const name of locks) {
    const { mode } = await stat(join(dirname(path), name));
    assert.equal(mode & 0o077, 0, name);
  }
});

test('audit: a living process holds the lock; when it is killed the next one takes over', async (t) => {
  const path = await aPath(t);
  const child = spawn(process.execPath, [WRITER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  await assert.rejects(openAuditLog({ path, key: SECRET }), /another process writes/);

  child.kill('SIGKILL');
  await once(child, 'exit');

  const audit = await anAudit(t, { path });
  await audit.append(aRecord());
  assert.deepEqual((await verifyAudit([[path]], KEY)).problems, []);
});

test('audit: a disk that fills up in the middle of a record loses none that was acknowledged', async (t) => {
  const path = await aPath(t);
  const limited = `ulimit -f 16; exec "$0" "$@"`;
  const child = spawn('bash', ['-c', limited, process.execPath, WRITER, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  let acknowledged = '';
  child.stdout.on('data', (chunk: Buffer) => void (acknowledged += chunk.toString()));
  await once(child, 'close');

  await anAudit(t, { path });

  const inFile = new Set((await linesOf(path)).map((line) => line['correlationId']));
  const ids = acknowledged.split('\n').filter((id) => id.startsWith('c-'));
  const report = await verifyAudit([[path]], KEY);
  assert.ok(ids.length > 10);
  assert.deepEqual(
    ids.filter((id) => !inFile.has(id)),
    [],
  );
  assert.deepEqual(report.problems, []);
  assert.match(report.notes[0]?.what ?? '', /what a failed write had left was cut/);
});
