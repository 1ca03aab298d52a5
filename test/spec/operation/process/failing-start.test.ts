// A start that fails says which setting is behind it, and ends: whoever supervises the server must see that it does not run.
import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { aConfigDocument, type ConfigDocument } from '#test/support/server/document.ts';
import { startViaduct } from '#test/support/server/process.ts';
import { reservedPort } from '#test/support/server/reserved-port.ts';
import { serve } from '#test/support/server/served.ts';
import { createPartner, writeConfiguration } from '#test/support/server/server.ts';

const clock = { now: (): number => Math.floor(Date.now() / 1000) };

/** What the server says, and its exit code; an error when it does not end. */
async function failedStart(
  t: TestContext,
  change: (document: ConfigDocument, directory: string) => void | Promise<void>,
) {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-start-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const document = aConfigDocument();
  const { jwks } = await createPartner(clock);
  await mkdir(join(directory, 'data'));
  await change(document, directory);
  await writeConfiguration(directory, document, jwks);
  const server = startViaduct(['serve', '--config', 'viaduct.yaml'], directory);
  t.after(() => server.child.kill('SIGKILL'));
  return { code: await server.exit(), text: server.text() };
}

async function aTakenPort(t: TestContext): Promise<number> {
  const server = createServer();
  t.after(() => server.close());
  const port = await reservedPort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return port;
}

for (const listener of ['public', 'management'] as const)
  for (const workers of [1, 2])
    test(`Start: a port of the ${listener} listener that is taken ends the server, ${workers} of them`, {
      timeout: 60_000,
    }, async (t) => {
      const port = await aTakenPort(t);

      const { code, text } = await failedStart(t, (document) => {
        document['workers'] = workers;
        const listeners = document['listeners'] as Record<string, { address: string }>;
        Object.assign(listeners[listener] ?? {}, { address: `127.0.0.1:${port}` });
      });

      assert.equal(code, 1, text);
      assert.match(
        text,
        new RegExp(
          `listeners\\.${listener}\\.address in viaduct\\.yaml, 127\\.0\\.0\\.1:${port}: .*EADDRINUSE.*; end what listens there, or write another port`,
        ),
      );
    });

test('Start: a store that cannot be opened ends the server, workers or not', {
  timeout: 60_000,
}, async (t) => {
  for (const workers of [1, 2]) {
    const { code, text } = await failedStart(t, async (document, directory) => {
      document['workers'] = workers;
      await mkdir(join(directory, 'data/viaduct.db.lock'));
    });

    assert.equal(code, 1, text);
    assert.match(
      text,
      /store\.sqlite\.path in viaduct\.yaml, \S+\/data\/viaduct\.db: \S+\/data\/viaduct\.db\.lock is no regular file/,
    );
  }
});

test('Start: an audit whose end was changed ends the server, and is named', {
  timeout: 60_000,
}, async (t) => {
  const { directory, server: first } = await serve(t);
  first.child.kill('SIGTERM');
  await first.exit();
  await appendFile(join(directory, 'data/audit.jsonl'), 'somebody else’s\n');
  const server = startViaduct(['serve', '--config', 'viaduct.yaml'], directory);
  t.after(() => server.child.kill('SIGKILL'));

  assert.equal(await server.exit(), 1, server.text());
  assert.match(
    server.text(),
    /audit\.file in viaduct\.yaml, \S+\/data\/audit\.jsonl: .*run audit verify, then move it away/,
  );
});

test('Start: a file that is no audit ends the server, and is named', {
  timeout: 60_000,
}, async (t) => {
  const { code, text } = await failedStart(t, (_, directory) =>
    writeFile(join(directory, 'data/audit.jsonl'), 'somebody else’s\n'),
  );

  assert.equal(code, 1, text);
  assert.match(
    text,
    /audit\.file in viaduct\.yaml, \S+\/data\/audit\.jsonl: it does not begin as an audit/,
  );
});

test('Start: a demo of which something is missing ends no server', {
  timeout: 60_000,
}, async (t) => {
  const { server } = await serve(t, async (_, directory) => {
    await mkdir(join(directory, 'demo'));
    await writeFile(join(directory, 'demo/partner.key'), 'no key');
  });

  server.child.kill('SIGTERM');

  assert.equal(await server.exit(), 0, server.text());
  assert.doesNotMatch(server.text(), /ENOENT/);
});
