// A gateway that somebody else wrote in front of an API, with the configuration that docs/gateways.md gives for it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { eventually } from '#test/support/eventually.ts';
import { ORDERS_SECRET } from '#test/support/server/document.ts';
import { reservedPort } from '#test/support/server/reserved-port.ts';
import type { TlsServer } from '#test/support/server/tls-server.ts';

const PAGE = new URL('../../../docs/gateways.md', import.meta.url);

/** The code below a heading of the page, by the language of its block. */
export async function recipe(heading: string): Promise<ReadonlyMap<string, string>> {
  const page = await readFile(PAGE, 'utf8');
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const blocks = [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  if (blocks.length === 0) throw new Error(`the page has no code below ${heading}`);
  return new Map(blocks.map(([, language = '', code = '']) => [language, code]));
}

/** An API that tells whom it was called for. */
async function startApi(t: TestContext): Promise<string> {
  const api = createServer((request, response) => {
    response.end(String(request.headers['x-subject']));
  }).listen(0, '127.0.0.1');
  await once(api, 'listening');
  t.after(() => {
    api.closeAllConnections();
    api.close();
  });
  return `127.0.0.1:${(api.address() as AddressInfo).port}`;
}

/** Where a gateway finds what the page names. */
export interface Place {
  readonly folder: string;
  readonly port: number;
  /** The text of the page with the addresses and files of this test. */
  here(text: string): string;
  write(name: string, text: string): Promise<string>;
}

/** A folder and a port for a gateway in front of this server. */
export async function aPlace(t: TestContext, server: TlsServer): Promise<Place> {
  const [api, folder, port] = await Promise.all([
    startApi(t),
    mkdtemp(join(tmpdir(), 'gateway-')),
    reservedPort(),
  ]);
  t.after(() => rm(folder, { recursive: true, force: true }));
  // A gateway that root starts gives its rights away.
  await chmod(folder, 0o777);
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text, { mode: 0o644 });
    return join(folder, name);
  };
  await write('ca.pem', server.tlsCertificate);
  const here = (text: string): string =>
    text
      .replaceAll('https://sts.example.org', server.origin)
      .replaceAll(/\/etc\/(?:nginx|haproxy|apache2)/g, folder)
      .replaceAll('orders-api:8080', api)
      .replace('listen 443 ssl', `listen 127.0.0.1:${port}`)
      .replace(/bind :443 ssl crt \S+/, `bind 127.0.0.1:${port}`);
  return { folder, port, here, write };
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.unref().end();
  });

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** A gateway that is up. */
export interface Gateway {
  /** Calls the API through it: the status, and for whom the API was called. */
  readonly call: (token?: string) => Promise<string>;
}

/** Starts a gateway in the foreground, and ends it with the test. */
export async function startGateway(
  t: TestContext,
  { port }: Place,
  command: readonly string[],
): Promise<Gateway> {
  const [program = '', ...words] = command;
  const env = { ...process.env, ORDERS_SECRET, PATH: `${process.env['PATH']}:/usr/sbin` };
  const child = spawn(program, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  t.after(() => end(child));
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${program} ended: ${said}`);
  });
  // When the test is over it ends, too.
  ended.catch(() => undefined);
  await Promise.race([ended, eventually('the gateway listens', () => answers(port))]);
  return {
    async call(token) {
      const headers = {
        'x-subject': 'mallory',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      };
      const response = await fetch(`http://127.0.0.1:${port}/`, { headers });
      const text = await response.text();
      return response.ok ? `${response.status} ${text}` : String(response.status);
    },
  };
}
