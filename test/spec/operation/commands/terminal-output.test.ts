// What strangers wrote, on the terminal of an operator: it is shown and not obeyed.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { printable } from '#src/cli/command/printable.ts';
import { viaduct } from '#test/support/server/process.ts';
import { startServer } from '#test/support/server/server.ts';

/** Clears a screen in eight bits, sets a title in seven, goes to the left, hides, and ends the line in three ways. */
const HOSTILE = 'eve\u009b2J\u001b]0;x\u0007\u202egnp\u200b\u2028\u0085\ngranted: everything';
const OBEYED = /[\p{Cf}\p{Zl}\p{Zp}]|(?!\n)\p{Cc}/u;

test('SECURITY.md, a reader of logs: names in a token begin no escape sequence and no line of explain and audit grep', async (t) => {
  const now = Math.floor(Date.now() / 1000);
  const server = await startServer(t, (_document, _directory, clock) => clock.set(now));
  const token = await server.partner.sign({ sub: HOSTILE, jti: 'subject-1', [HOSTILE]: HOSTILE });
  const { status } = await server.exchange({ subject_token: token });
  await server.stop();

  const request = ['--client', 'gateway', '--subject-token', token];
  const explained = await viaduct(['explain', ...request], server.directory);
  const grepped = await viaduct(['audit', 'grep', '--token', token], server.directory);

  assert.match(explained.out, /subject: eve\\u009b2J/, explained.error);
  assert.doesNotMatch(explained.out, OBEYED);
  assert.doesNotMatch(explained.out, /^granted: everything/m);
  assert.equal(grepped.code, 0, `${status} ${grepped.error}`);
  assert.doesNotMatch(grepped.out, OBEYED);
  // The lines are the same JSON for whoever reads them.
  const records = grepped.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  assert.ok(JSON.stringify(records).includes(JSON.stringify(HOSTILE).slice(1, -1)));
});

test('SECURITY.md, a reader of logs: nor does what strangers wrote in the file of the audit itself, whatever shows it', async (t) => {
  const server = await startServer(t);
  const resource = `https://orders.example/${HOSTILE.replace('\n', '')}`;
  const unknown = await server.partner.sign({ iss: HOSTILE });
  await server.exchange({ subject_token: unknown });
  await server.exchange({ resource });
  await server.exchange({ subject_token: await server.partner.sign({ sub: HOSTILE }) });
  const records = await server.auditRecords();
  await server.stop();

  const text = await readFile(join(server.directory, 'data/audit.jsonl'), 'utf8');
  const verified = await viaduct(['audit', 'verify'], server.directory);

  assert.doesNotMatch(text, OBEYED);
  assert.equal(verified.code, 0, verified.out);
  const said = JSON.stringify(
    records.map(({ detail, subject, targets }) => [detail, subject, targets]),
  );
  for (const written of [`the issuer is not known: ${HOSTILE}`, resource])
    assert.ok(said.includes(JSON.stringify(written).slice(1, -1)), written);
  assert.ok(said.includes(`"id":${JSON.stringify(HOSTILE)}`));
});

test('SECURITY.md, a reader of logs: what is obeyed is written as JSON writes it, all else is left alone', () => {
  assert.equal(printable('a\tb\n\u{e0001}c'), 'a\\u0009b\n\\udb40\\udc01c');
  assert.equal(printable('Zoë 愛 😀\\"'), 'Zoë 愛 😀\\"');
});

test('xml-security §10: audit grep looks through a text of its sender in one pass', async (t) => {
  const server = await startServer(t);
  await server.stop();
  const hostile = `<Assertion ID="x">${'<Issuer '.repeat(15_000)}`;

  const { code } = await viaduct(['audit', 'grep', '--token', hostile], server.directory);

  assert.equal(code, 1);
});
