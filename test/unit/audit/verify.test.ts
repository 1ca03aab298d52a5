import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import test, { type TestContext } from 'node:test';
import { createAuditKey, lookupHash } from '#src/audit/audit-key.ts';
import { type LineContent, type LineHead, NO_LINE, writeLine } from '#src/audit/chain/line.ts';
import { verifyAudit, verifyAuditChain } from '#src/audit/verify.ts';
import { anAudit, aPath, aRecord, aWrittenAudit, KEY, linesOf } from './audit-fixture.ts';

/** A written audit whose lines (newlines included) went through `change`. Lines 3 to 7 are records, 8 is a checkpoint. */
async function aChangedAudit(
  t: TestContext,
  change: (lines: readonly string[]) => readonly string[],
): Promise<string> {
  const path = await aWrittenAudit(t, 5);
  const lines = (await readFile(path, 'utf8')).split(/(?<=\n)/);
  await writeFile(path, change(lines).join(''));
  return path;
}

async function problemsOf(path: string): Promise<readonly string[]> {
  const { problems } = await verifyAuditChain([path], KEY);
  return problems.map(({ line, what }) => `${line}: ${what}`);
}

const isCheckpoint = (line: string): boolean => line.includes('"event":"audit.checkpoint"');

interface Members extends LineHead, LineContent {
  readonly time: string;
}

const parsed = (text: string | undefined): Members => JSON.parse(text ?? '') as Members;

/** The same lines, chained anew as one would who has not the key; `edit` may change what they say. */
function chainedAnew(
  lines: readonly string[],
  edit: (content: LineContent, before: LineHead) => LineContent = (content) => content,
): readonly string[] {
  let head = NO_LINE;
  return lines.map((text) => {
    const line = parsed(text);
    const { time } = line;
    const content = Object.fromEntries(
      Object.entries(line).filter(([name]) => !['v', 'seq', 'time', 'prev', 'hash'].includes(name)),
    );
    const written = writeLine(head, time, edit({ event: line.event, ...content }, head));
    head = written.head;
    return written.text;
  });
}

const headsOf = (head: LineHead) => ({ heads: [{ chain: 'c', seq: head.seq, hash: head.hash }] });

test('audit verify: an untouched audit has no problem and no note', async (t) => {
  const path = await aWrittenAudit(t, 5);

  const report = await verifyAudit([[path]], KEY);

  assert.deepEqual(report.problems, []);
  assert.deepEqual(report.notes, []);
  assert.equal(report.records, 5);
  assert.equal(report.heads[0]?.seq, 8);
});

test('audit verify: a changed line is found', async (t) => {
  const path = await aChangedAudit(t, (lines) =>
    lines.map((line) => line.replace('"c-2"', '"c-9"')),
  );

  assert.deepEqual(await problemsOf(path), ['4: it was changed: its hash is another']);
});

test('audit verify: a removed line is found', async (t) => {
  const path = await aChangedAudit(t, (lines) => lines.toSpliced(4, 1));

  assert.deepEqual(await problemsOf(path), ['5: lines 5 to 5 are missing']);
});

test('audit verify: removed first lines are found', async (t) => {
  const path = await aChangedAudit(t, (lines) => lines.slice(2));

  assert.match((await problemsOf(path))[0] ?? '', /^1: lines 1 to 2 are missing/);
});

test('audit verify: a line that was copied in is found', async (t) => {
  const path = await aChangedAudit(t, (lines) => lines.toSpliced(6, 0, lines[3] ?? ''));

  assert.match((await problemsOf(path))[0] ?? '', /^7: line 4 stands behind line 6: inserted/);
});

test('audit verify: a line that was made up and copied in is found', async (t) => {
  const path = await aChangedAudit(t, (lines) => {
    const forged = writeLine(parsed(lines[3]), '2027-01-15T08:00:00.000Z', {
      event: 'token.exchange',
    });
    return lines.toSpliced(4, 0, forged.text);
  });

  assert.match((await problemsOf(path))[0] ?? '', /^6: line 5 stands behind line 5: inserted/);
});

test('audit verify: a line that was made up in place of another is found', async (t) => {
  const path = await aChangedAudit(t, (lines) => {
    const forged = writeLine(parsed(lines[3]), '2027-01-15T08:00:00.000Z', {
      event: 'token.exchange',
    });
    return lines.toSpliced(4, 1, forged.text);
  });

  assert.deepEqual(await problemsOf(path), ['6: it does not follow the line before it']);
});

test('audit verify: lines in another order are found', async (t) => {
  const path = await aChangedAudit(t, (lines) =>
    lines.toSpliced(3, 2, lines[4] ?? '', lines[3] ?? ''),
  );

  assert.deepEqual(await problemsOf(path), [
    '4: lines 4 to 4 are missing',
    '5: line 4 stands behind line 5: inserted or out of order',
    '6: lines 5 to 5 are missing',
  ]);
});

test('audit verify: foreign lines are found', async (t) => {
  const path = await aChangedAudit(t, (lines) =>
    lines.toSpliced(3, 0, 'not json\n', '{"v":1}\n', '[]\n', '\n'),
  );

  assert.deepEqual(
    await problemsOf(path),
    [4, 5, 6, 7].map((line) => `${line}: this is not an audit line`),
  );
});

test('audit verify: a chain written anew without the key does not fit its checkpoints', async (t) => {
  const path = await aChangedAudit(t, (lines) =>
    chainedAnew(lines.map((line) => line.replace('"c-2"', '"c-9"'))),
  );

  assert.deepEqual(await problemsOf(path), [
    '8: the checkpoint is about another place in the chain',
  ]);
});

test('audit verify: a checkpoint written anew without the key has a wrong seal', async (t) => {
  const path = await aChangedAudit(t, (lines) =>
    chainedAnew(
      lines.map((line) => line.replace('"c-2"', '"c-9"')),
      (content, head) => ('seal' in content ? { ...content, ...headsOf(head) } : content),
    ),
  );

  assert.deepEqual(await problemsOf(path), [
    '2: the seal of the checkpoint is wrong',
    '8: the seal of the checkpoint is wrong',
  ]);
});

test('audit verify: a chain without its checkpoints is found', async (t) => {
  const path = await aChangedAudit(t, (lines) =>
    chainedAnew(lines.filter((line) => !line.includes('audit.checkpoint'))),
  );

  const report = await verifyAuditChain([path], KEY, { checkpointEveryRecords: 4 });

  assert.deepEqual(report.problems, [
    { line: 2, what: 'no checkpoint stands before it: nothing vouches for it' },
    { line: 6, what: 'no checkpoint within 4 records' },
  ]);
});

test('audit verify: a good checkpoint in another place is found', async (t) => {
  const path = await aChangedAudit(t, (lines) =>
    chainedAnew([...lines.slice(0, 4), lines[1] ?? '']),
  );

  assert.match((await problemsOf(path))[0] ?? '', /^5: the checkpoint is about another place/);
});

test('audit verify: with another key no checkpoint holds', async (t) => {
  const path = await aWrittenAudit(t, 5);

  const { problems } = await verifyAuditChain([path], createAuditKey(new Uint8Array(32)));

  assert.equal(problems.length, 2);
});

test('audit verify: a second chain in the file is found', async (t) => {
  const other = await readFile(await aWrittenAudit(t, 1), 'utf8');
  const path = await aChangedAudit(t, (lines) => [...lines, other]);

  assert.ok((await problemsOf(path)).includes('9: another chain begins'));
});

test('audit verify: an emptied file is found', async (t) => {
  const path = await aPath(t);
  await writeFile(path, '');

  assert.deepEqual(await problemsOf(path), ['0: no chain begins here']);
});

test('audit verify: what is no audit is not told as chained', async (t) => {
  const path = await aPath(t);
  await writeFile(path, 'a note\nanother\n');

  const { notes, problems } = await verifyAudit([[path]], KEY);

  assert.equal(problems.length, 3);
  assert.deepEqual(notes, []);
});

test('audit verify: what is no regular file is told, and not waited for', async (t) => {
  const path = await aPath(t);
  execFileSync('mkfifo', [path]);

  await assert.rejects(verifyAudit([[path]], KEY), /audit\.jsonl is no regular file/);
  await assert.rejects(verifyAudit([['/dev/zero']], KEY), /is no regular file/);
});

test('audit verify: an end that is gone is found by a checkpoint that a witness kept', async (t) => {
  const path = await aWrittenAudit(t, 5);
  const lines = (await readFile(path, 'utf8')).split(/(?<=\n)/);
  const witnessed = lines.filter(isCheckpoint);
  await writeFile(path, lines.slice(0, 5).join(''));

  const alone = await verifyAudit([[path]], KEY);
  const report = await verifyAudit([[path]], KEY, { witnessed });

  assert.deepEqual(alone.problems, []);
  assert.match(alone.notes[0]?.what ?? '', /the last 3 lines are chained, but behind/);
  assert.deepEqual(report.problems, [
    { path, line: 5, what: 'the end is gone: a checkpoint knows line 7, the last one is 5' },
  ]);
});

test('audit verify: another line than the one a witness knows is found', async (t) => {
  const path = await aWrittenAudit(t, 5);
  const lines = (await readFile(path, 'utf8')).split(/(?<=\n)/);
  const witnessed = lines.filter(isCheckpoint);
  const kept = lines.slice(0, 7);
  await writeFile(path, chainedAnew(kept.map((line) => line.replace('"c-5"', '"c-9"'))).join(''));

  const { problems } = await verifyAudit([[path]], KEY, { witnessed });

  assert.deepEqual(problems, [
    { path, line: 7, what: 'it is not the line that a checkpoint swears to' },
  ]);
});

test('audit verify: the checkpoints of one process witness the chain of another', async (t) => {
  const first = await anAudit(t);
  await first.append(aRecord());
  const path = await aWrittenAudit(t, 1, { otherHeads: () => [first.head()] });
  const lines = (await readFile(first.path, 'utf8')).split(/(?<=\n)/);
  await writeFile(first.path, lines.slice(0, 2).join(''));

  const { problems } = await verifyAudit([[first.path], [path]], KEY);
  const withoutFirst = await verifyAudit([[path]], KEY);

  assert.match(problems[0]?.what ?? '', /the end is gone: a checkpoint knows line 3/);
  assert.match(withoutFirst.problems[0]?.what ?? '', /^no file holds chain/);
});

test('audit verify: a witness that is no checkpoint of ours is a problem', async (t) => {
  const path = await aWrittenAudit(t, 1);
  const lines = (await readFile(path, 'utf8')).split('\n');
  const forged = (lines[1] ?? '').replace('"seal":"', '"seal":"A');

  const { problems } = await verifyAudit([[path]], KEY, {
    witnessed: ['nonsense', lines[2] ?? '', forged],
  });

  assert.deepEqual(
    problems.map(({ path: place, line }) => [place, line]),
    [
      ['witness', 1],
      ['witness', 2],
      ['witness', 3],
    ],
  );
});

test('audit verify: a torn last line is a note, not a problem', async (t) => {
  const path = await aChangedAudit(t, (lines) => [...lines, '{"v":1,"se']);

  const report = await verifyAudit([[path]], KEY);

  assert.deepEqual(report.problems, []);
  assert.match(report.notes[0]?.what ?? '', /torn/);
});

test('audit verify: only a newline ends a line', async (t) => {
  const path = await aPath(t);
  const audit = await anAudit(t, { path });
  await audit.append(aRecord({ detail: 'a\u2028b\u2029c\r\n\u0085d\ud800' }));

  assert.deepEqual(await problemsOf(path), []);
  assert.equal((await linesOf(path))[2]?.['detail'], 'a\u2028b\u2029c\r\n\u0085d\ud800');
});

test('audit verify: bytes that a lenient decoder takes for the same text are found', async (t) => {
  const path = await aPath(t);
  const audit = await anAudit(t, { path });
  await audit.append(aRecord({ detail: '\ufffd' }));
  const bytes = await readFile(path);
  const at = bytes.indexOf(Buffer.from('\ufffd'));
  const invalid = Buffer.concat([bytes.subarray(0, at), Buffer.of(0xff), bytes.subarray(at + 3)]);
  const marked = Buffer.concat([Buffer.from('\ufeff'), bytes]);

  for (const changed of [invalid, marked]) {
    await writeFile(path, changed);
    assert.match((await problemsOf(path))[0] ?? '', /this is not an audit line/);
  }
});

test('audit verify: a token is found by its keyed hash', async (t) => {
  const token = { issuer: 'https://idp.example', id: 'jti-1' };
  const audit = await anAudit(t);
  await audit.append(aRecord({ token }));

  const text = await readFile(audit.path, 'utf8');

  assert.ok(text.includes(lookupHash(KEY, token)));
});

test('audit verify: what another chain swore to while it was read is no fault: it is looked for again', async (t) => {
  const first = await anAudit(t);
  await first.append(aRecord());
  const other = await anAudit(t, { otherHeads: () => [first.head()] });
  const key = createAuditKey(new Uint8Array(32).fill(7));
  const verifying = verifyAudit([[first.path], [other.path]], key);
  // The first chain may have been read by now; the second swears to lines it has got since.
  for (let index = 0; index < 50; index += 1) await first.append(aRecord());
  await other.append(aRecord());
  await other.close();

  const { problems } = await verifying;
  const { problems: after } = await verifyAudit([[first.path], [other.path]], key);

  assert.deepEqual(problems, []);
  assert.deepEqual(after, []);
});
