// What strangers can have a server keep: they have no credentials, and each asks in the way that takes most.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { withSaml } from '#test/support/saml/saml-document.ts';
import { aConfigDocument, GATEWAY_BASIC } from '#test/support/server/document.ts';
import { type Running, startViaduct } from '#test/support/server/process.ts';
import { createPartner, writeConfiguration } from '#test/support/server/server.ts';

/** A server takes 150, and some more while it works; without a bound this flood took 500 to 1000, and as much more for each fifty connections. */
const MOST_MEGABYTES = 320;

interface Served extends Running {
  readonly url: string;
}

/** A server in a process of its own, so that its memory is its own. */
async function start(t: TestContext): Promise<Served> {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-memory-'));
  t.after(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  const document = aConfigDocument();
  await withSaml(document, directory);
  const { jwks } = await createPartner({ now: () => Math.floor(Date.now() / 1000) });
  await writeConfiguration(directory, document, jwks);
  const running = startViaduct(['serve', '--config', 'viaduct.yaml'], directory);
  t.after(() => running.child.kill('SIGKILL'));
  const [, url = ''] = await running.says(/on (\S+), health and metrics on \S+\n/);
  return { ...running, url };
}

/** The most that it ever had in memory. */
async function peakMegabytes({ child }: Running): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}

function open(t: TestContext, { url }: Served): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  t.after(() => socket.destroy());
  return socket;
}

/** A server may end a connection by a reset. */
const closing = (socket: Socket): Promise<unknown> =>
  new Promise((resolve) => socket.once('close', resolve));

const head = (line: string, more: string): string =>
  `${line} HTTP/1.1\r\nHost: sts.example.org\r\n${more}\r\n`;

const CHUNKED = 'Transfer-Encoding: chunked\r\n';
const FORM = 'Content-Type: application/x-www-form-urlencoded\r\n';
const CHUNKS = '1\r\na\r\n'.repeat(60_000);

for (const [what, asked] of [
  ['a token', head('POST /token', FORM + CHUNKED)],
  ['a SOAP message', head('POST /ws-trust', `Content-Type: text/xml\r\n${CHUNKED}`)],
] as const)
  test(`Connections: whoever asks for ${what} in chunks of a byte is closed out, and takes little memory`, async (t) => {
    const server = await start(t);
    const flood = Array.from({ length: 50 }, () => open(t, server));

    const closed = flood.map((socket) => closing(socket.resume()));
    for (const socket of flood) socket.write(asked + CHUNKS);
    await Promise.all(closed);

    const response = await fetch(`${server.url}/token`, {
      method: 'POST',
      headers: { authorization: GATEWAY_BASIC },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'orders.read' }),
    });
    assert.equal(response.status, 200, await response.text());
    const peak = await peakMegabytes(server);
    assert.ok(peak < MOST_MEGABYTES, `${peak} MB`);
  });
