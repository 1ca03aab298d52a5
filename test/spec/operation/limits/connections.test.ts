// Connections that nobody asks anything on: they give way to others, and never take the last file descriptor of the server.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { aConfigDocument } from '#test/support/server/document.ts';
import { MAIN, type Running, startProgram } from '#test/support/server/process.ts';
import { createPartner, startServer, writeConfiguration } from '#test/support/server/server.ts';

const GET = 'GET /jwks HTTP/1.1\r\nHost: sts.example.org\r\n\r\n';
const OPEN_FILES = 160;

function open(t: TestContext, url: string): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  t.after(() => socket.destroy());
  return socket;
}

/** A server may end a connection by a reset. */
const closing = (socket: Socket): Promise<unknown> =>
  new Promise((resolve) => socket.once('close', resolve));

/** Resolves with the status that is answered; undefined: the connection was closed. */
async function ask(socket: Socket): Promise<string | undefined> {
  socket.write(GET);
  const told = once(socket, 'data').then(
    ([chunk]) => /^HTTP\/1\.1 (\d+)/.exec(String(chunk))?.[1],
    () => undefined,
  );
  return Promise.race([told, closing(socket).then(() => undefined)]);
}

async function startWithFewFiles(t: TestContext): Promise<Running> {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-files-'));
  t.after(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  const { jwks } = await createPartner({ now: () => 0 });
  await writeConfiguration(directory, aConfigDocument(), jwks);
  const serve = [process.execPath, MAIN, 'serve', '--config', 'viaduct.yaml'];
  const limited = `ulimit -n ${OPEN_FILES}; exec "$@"`;
  const running = startProgram('sh', ['-c', limited, 'sh', ...serve], directory);
  t.after(() => running.child.kill('SIGKILL'));
  return running;
}

test('Connections: beyond the bound the one without a request for longest gives way, and one that asks goes on', async (t) => {
  const server = await startServer(t, (document) => {
    document['limits'] = { maxConnections: 10 };
  });
  const known = open(t, server.url);
  await ask(known);
  const quiet = Array.from({ length: 9 }, () => open(t, server.url));
  for (const socket of quiet) await ask(socket);
  await ask(known);

  const closed = quiet.slice(0, 3).map(closing);
  const others = [open(t, server.url), open(t, server.url), open(t, server.url)];
  const answers = [await ask(known)];
  for (const socket of others) answers.push(await ask(socket));
  await Promise.all(closed);

  assert.deepEqual(answers, ['200', '200', '200', '200']);
  assert.deepEqual(
    [await ask(known), ...(await Promise.all(quiet.slice(3).map(ask)))],
    Array.from({ length: 7 }, () => '200'),
  );
});

test('Connections: however many strangers hold, health answers, and so does the server', async (t) => {
  const running = await startWithFewFiles(t);
  const [, url = '', managementUrl = ''] = await running.says(
    /on (\S+), health and metrics on (\S+)\n/,
  );

  const held = Array.from({ length: 2 * OPEN_FILES }, () => open(t, url));
  await Promise.all(held.map(ask));

  assert.equal((await fetch(`${managementUrl}/livez`)).status, 200);
  assert.equal((await fetch(`${managementUrl}/readyz`)).status, 200);
  assert.equal((await fetch(`${url}/jwks`)).status, 200);
});
