// Real servers on loopback, and a client that shows everything a test may want to see.
import { type IncomingHttpHeaders, type RequestListener, request as requestHttp } from 'node:http';
import { type Agent, request as requestHttps } from 'node:https';
import { connect } from 'node:net';
import type { TestContext } from 'node:test';
import type { ConnectionOptions } from 'node:tls';
import { createListener, type Listener, type ListenerSettings } from '#src/http/listener.ts';

export interface Served extends Listener {
  readonly port: number;
}

/** A listener that serves `handler` until the test ends. */
export async function serve(
  t: TestContext,
  handler: RequestListener,
  settings: Partial<ListenerSettings> = {},
): Promise<Served> {
  const listener = createListener({ host: '127.0.0.1', port: 0, ...settings }, handler);
  const { port } = await listener.listen();
  t.after(() => {
    listener.server.closeAllConnections();
    listener.server.close();
  });
  return { ...listener, port };
}

export interface Sent {
  readonly port: number;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Uint8Array;
  /** Over TLS, with these settings of the client. */
  readonly tls?: ConnectionOptions & { readonly agent?: Agent };
}

export interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends one request on a connection of its own. */
export function send({ port, path = '/', method, headers, body, tls }: Sent): Promise<Received> {
  const { promise, resolve, reject } = Promise.withResolvers<Received>();
  const options = {
    host: '127.0.0.1',
    port,
    path,
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { ...headers },
    agent: false as const,
  };
  const request = tls
    ? requestHttps({ ...options, servername: 'localhost', ...tls })
    : requestHttp(options);
  request.on('response', (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => void chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () =>
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: Buffer.concat(chunks).toString(),
      }),
    );
  });
  request.on('error', reject);
  request.end(body);
  return promise;
}

/** Writes raw bytes and resolves with all that comes back until the server closes. It may do so before it has read all of them: then
 * the end is a reset. */
export function sendRaw(port: number, text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(port, '127.0.0.1', () => void socket.write(text));
  let received = '';
  socket.on('data', (chunk) => void (received += chunk.toString()));
  socket.on('error', (cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ECONNRESET') reject(cause);
  });
  socket.on('close', () => resolve(received));
  return promise;
}
