// The chain goes on through several files, whatever happens while one is closed for the next.
import assert from 'node:assert/strict';
import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { type AuditFile, openAuditFile } from '#src/audit/file/audit-file.ts';
import { auditChains, closedFiles, closedPath } from '#src/audit/file/audit-files.ts';
import { findToken } from '#src/audit/find-token.ts';
import { verifyAudit } from '#src/audit/verify.ts';
import { startScript } from '#test/support/server/process.ts';
import { anAudit, aPath, aRecord, aWrittenAudit, KEY, linesOf } from './audit-fixture.ts';

const CRASHER = fileURLToPath(new URL('./audit-crasher.ts', import.meta.url));

const SMALL = { maxFileBytes: 1000 };

async function verify(path: string) {
  return verifyAudit(await auditChains(path), KEY);
}

test('audit rotation: a file that has grown is closed, the chain goes on in the next one, and both verify together', async (t) => {
  const path = await aWrittenAudit(t, 10, SMALL);

  const closed = await closedFiles(path);
  const report = await verify(path);

  assert.ok(closed.length >= 2);
  assert.deepEqual(report.problems, []);
  assert.deepEqual(report.notes, []);
  assert.equal(report.records, 10);
  assert.equal(report.heads.length, 1);
  const [first] = await linesOf(path);
  assert.equal(first?.event, 'audit.continued');
  assert.equal((await linesOf(closed[0] ?? '')).at(-1)?.event, 'audit.checkpoint');
});

test('audit rotation: a file that is old is closed, counted from its first line', async (t) => {
  let now = Date.parse('2027-01-15T08:00:00Z');
  const settings = { maxFileAgeMilliseconds: 60_000, now: () => now };
  const path = await aWrittenAudit(t, 2, settings);
  now += 59_000;
  await aWrittenAudit(t, 2, { ...settings, path });
  assert.deepEqual(await closedFiles(path), []);

  now += 1000;
  await aWrittenAudit(t, 2, { ...settings, path });

  assert.equal((await closedFiles(path)).length, 1);
  assert.deepEqual((await verify(path)).problems, []);
});

test('audit rotation: a file whose first line was changed is not gone on with, and stays as it is', async (t) => {
  // More than what is read of its end.
  const path = await aWrittenAudit(t, 300);
  const text = await readFile(path, 'utf8');
  for (const changed of [
    text.replace(/"time":"20../, '"time":"2001'),
    text.replace(/"seq":1,/, '"seq":7,'),
  ]) {
    assert.notEqual(changed, text);
    await writeFile(path, changed);

    await assert.rejects(aWrittenAudit(t, 1, { path }), /the first line .* was changed/);

    assert.equal(await readFile(path, 'utf8'), changed);
  }
});

test('audit rotation: no record is lost or torn between files while many are written', async (t) => {
  const audit = await anAudit(t, { maxFileBytes: 5000 });
  await Promise.all(
    Array.from({ length: 400 }, (_, index) =>
      audit.append(aRecord({ correlationId: `c-${index}` })),
    ),
  );
  await audit.close();

  const report = await verify(audit.path);

  assert.equal(report.records, 400);
  assert.deepEqual(report.problems, []);
});

test('audit rotation: a crash right after a file was closed costs nothing', async (t) => {
  const path = await aWrittenAudit(t, 5);
  await rename(path, closedPath(path, 1));

  await aWrittenAudit(t, 1, { path });

  const report = await verify(path);
  assert.deepEqual(report.problems, []);
  assert.equal(report.records, 6);
  assert.equal(report.heads.length, 1);
});

/** Writes through several files in a process of which one step fails, or is its last; answers how many steps it took. */
async function crash(path: string, fate: 'fail' | 'kill', step: number): Promise<number> {
  const running = startScript([CRASHER, path, fate, String(step)], dirname(path));
  await running.exit();
  return Number(/^(\d+) steps$/.exec(running.text())?.[1] ?? Number.POSITIVE_INFINITY);
}

for (const [what, fate] of [
  ['a crash after', 'kill'],
  ['a failure in', 'fail'],
] as const)
  test(`audit rotation: ${what} any step of closing a file leaves each line once, and files are closed again`, async (t) => {
    for (let step = 1, isTaken = true; isTaken; step += 1) {
      const path = await aPath(t);
      isTaken = (await crash(path, fate, step)) >= step;

      await aWrittenAudit(t, 10, { ...SMALL, path });

      const { problems } = await verify(path);
      assert.deepEqual(problems, [], `step ${step}`);
      assert.ok((await closedFiles(path)).length >= 2, `step ${step}`);
    }
  });

test('Row 23: a crash in the first line of a new file is cut, and the chain goes on from the closed one', async (t) => {
  const path = await aWrittenAudit(t, 5);
  await rename(path, closedPath(path, 1));
  await writeFile(path, '{"v":1,"seq":9,"time":"2027');

  await aWrittenAudit(t, 1, { path });

  const report = await verify(path);
  assert.deepEqual(report.problems, []);
  assert.equal(report.records, 6);
  assert.match(report.notes[0]?.what ?? '', /what a failed write had left was cut/);
});

test('Row 23: a disk that is full in the first line of a new file costs that line alone: it is written again when there is room', async (t) => {
  let isFull = false;
  const openFile = async (path: string): Promise<AuditFile> => {
    const file = await openAuditFile(path);
    return {
      ...file,
      async rotate(closed) {
        await file.rotate(closed);
        isFull = true;
      },
      async append(text) {
        if (!isFull) return file.append(text);
        isFull = false;
        await file.append(text.slice(0, 20));
        throw new Error('ENOSPC');
      },
    };
  };
  const audit = await anAudit(t, { maxFileBytes: 2000, openFile, probeEveryMilliseconds: 2 ** 30 });
  let refused = 0;
  while (refused === 0) await audit.append(aRecord()).catch(() => (refused += 1));

  await audit.probe();
  await audit.append(aRecord({ correlationId: 'after' }));
  await audit.close();

  const report = await verify(audit.path);
  assert.deepEqual(report.problems, []);
  const events = (await linesOf(audit.path)).map(({ event }) => event);
  assert.deepEqual(events.slice(0, 3), ['audit.continued', 'audit.recovered', 'audit.checkpoint']);
  assert.match(report.notes[0]?.what ?? '', /what a failed write had left was cut/);
});

test('audit rotation: a file that cannot be closed is gone on with, told of, and tried again a minute later', async (t) => {
  let now = Date.parse('2027-01-15T08:00:00Z');
  let failures = 0;
  const onFailure = () => void (failures += 1);
  const audit = await anAudit(t, { ...SMALL, now: () => now, onFailure });
  await mkdir(closedPath(audit.path, 1));
  for (let index = 0; index < 12; index += 1) await audit.append(aRecord());
  assert.equal(failures, 1);

  await rm(closedPath(audit.path, 1), { recursive: true });
  now += 60_000;
  await audit.append(aRecord({ correlationId: 'after' }));
  await audit.close();

  assert.deepEqual(await closedFiles(audit.path), [closedPath(audit.path, 1)]);
  const report = await verify(audit.path);
  assert.deepEqual(report.problems, []);
  assert.equal(report.records, 13);
});

test('audit rotation: it is never closed over a file that is there', async (t) => {
  const path = await aPath(t);
  const file = await openAuditFile(path);
  t.after(() => file.close());
  await file.append('one\n');
  await writeFile(`${path}-old`, 'kept\n');

  await assert.rejects(file.rotate(`${path}-old`));
  await file.append('two\n');

  assert.equal(await readFile(path, 'utf8'), 'one\ntwo\n');
  assert.equal(await readFile(`${path}-old`, 'utf8'), 'kept\n');
});

test('audit verify: a file in the middle that is gone is found, the oldest ones may be put elsewhere and are a note', async (t) => {
  const path = await aWrittenAudit(t, 12, SMALL);
  const [first = '', second = ''] = await closedFiles(path);

  await rename(first, `${first}.kept`);
  const withoutFirst = await verify(path);
  await rename(`${first}.kept`, first);
  await rm(second);
  const withoutSecond = await verify(path);

  assert.deepEqual(withoutFirst.problems, []);
  assert.match(withoutFirst.notes[0]?.what ?? '', /the files before it are not among these/);
  assert.match(withoutSecond.problems[0]?.what ?? '', /lines \d+ to \d+ are missing/);
});

test('audit verify: a changed line in a closed file is found, with its file and its number there', async (t) => {
  const path = await aWrittenAudit(t, 12, SMALL);
  const [, second = ''] = await closedFiles(path);
  const text = await readFile(second, 'utf8');
  await writeFile(second, text.replace('"outcome":"minted"', '"outcome":"refused"'));

  const [problem] = (await verify(path)).problems;

  assert.deepEqual(problem, {
    path: second,
    line: 3,
    what: 'it was changed: its hash is another',
  });
});

test('audit verify: what was added to a closed file without a line end is found, there too', async (t) => {
  const path = await aWrittenAudit(t, 12, SMALL);
  const [first = ''] = await closedFiles(path);
  await appendFile(first, '{"event":"token.exchange"}');
  await appendFile(path, '{"event":');

  const { notes, problems } = await verify(path);

  assert.deepEqual(
    problems.map(({ path: where, what }) => [where, what]),
    [[first, 'a file that was closed ends within a line']],
  );
  assert.ok(notes.some(({ path: where, what }) => where === path && /is torn/.test(what)));
});

test('audit files: chains are told apart by process, and other files in the folder are none', async (t) => {
  const path = await aWrittenAudit(t, 8, { ...SMALL, suffix: 'w1' });
  const base = path.replace('.w1', '');
  await aWrittenAudit(t, 1, { path: base, suffix: 'w12' });
  const folder = dirname(base);
  await writeFile(`${folder}/audit.w1-7.jsonl`, '');
  await writeFile(`${folder}/audit-copy.jsonl`, '');

  const chains = await auditChains(base);

  const names = await readdir(folder);
  assert.equal(chains.length, 2);
  assert.equal(
    chains.flat().length,
    names.filter((name) => /^audit\.w12?(-\d{12})?\.jsonl$/.test(name)).length,
  );
});

test('audit grep: finds a token in every role and file, by its keyed hash', async (t) => {
  const token = { issuer: 'https://sts.example.org', id: 'token-1' };
  const audit = await anAudit(t, SMALL);
  await audit.append(aRecord({ token }));
  for (let index = 0; index < 8; index += 1) await audit.append(aRecord());
  await audit.append(aRecord({ parents: [token], outcome: 'refused' }));
  await audit.append(aRecord({ token: { ...token, issuer: 'https://other.example' } }));
  await audit.close();

  const paths = (await auditChains(audit.path)).flat();
  const found: string[] = [];
  for await (const line of findToken(paths, KEY, [token])) found.push(line);

  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
  const files = found.map((line) => texts.findIndex((text) => text.includes(`${line}\n`)));
  assert.equal(found.length, 2);
  assert.equal(new Set(files).size, 2);
  assert.ok(!files.includes(-1));
  assert.ok(found.every((line) => !line.includes('token-1')));
});
