// Servers over plain HTTP and TLS, with every limit set: by default Node waits for a slow client for minutes.
import { constants } from 'node:crypto';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type Koa from 'koa';
import { boundConnections, connectionBound } from './load/connections.ts';
import { boundPieces } from './load/pieces.ts';
import { THIS_HOST } from './proxy.ts';

interface ListenerTls {
  readonly certificatePem: string;
  readonly keyPem: string;
  /** `optional`: a client may show a certificate. */
  readonly clientCertificates?: 'optional' | 'none';
}

interface ListenerLimits {
  readonly headersTimeoutMilliseconds: number;
  /** From the first byte of a request to the last of its body. */
  readonly requestTimeoutMilliseconds: number;
  readonly keepAliveTimeoutMilliseconds: number;
  /** For how long a client may take nothing of its answers. Up to twice that, as Node watches it. */
  readonly untakenTimeoutMilliseconds: number;
  readonly maxHeaderBytes: number;
  /** How often Node looks for connections that are over their time. */
  readonly checkEveryMilliseconds: number;
}

export interface ListenerSettings {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly tls?: ListenerTls;
  /** Nobody listens in, for proxies end TLS before us, or a network policy keeps others away; else plain HTTP is for loopback only. */
  readonly isGuarded?: boolean;
  readonly limits?: Partial<ListenerLimits>;
  /** At one time; absent: as many as there are file descriptors for. */
  readonly maxConnections?: number;
}

export interface Listener {
  readonly server: Server | HttpsServer;
  /** Starts to listen; resolves with the address it got. */
  listen(): Promise<AddressInfo>;
  /** New connections use this certificate; those that stand keep theirs. */
  replaceCertificate(tls: ListenerTls): void;
}

const LIMITS: ListenerLimits = {
  headersTimeoutMilliseconds: 10_000,
  requestTimeoutMilliseconds: 30_000,
  // Longer than the usual 60 s of proxies: the side that closes first must be theirs, or a request meets a closed connection.
  keepAliveTimeoutMilliseconds: 65_000,
  untakenTimeoutMilliseconds: 30_000,
  maxHeaderBytes: 16_384,
  checkEveryMilliseconds: 1000,
};

const MAX_HEADERS = 100;

const serverOptions = (limits: ListenerLimits) => ({
  headersTimeout: limits.headersTimeoutMilliseconds,
  requestTimeout: limits.requestTimeoutMilliseconds,
  keepAliveTimeout: limits.keepAliveTimeoutMilliseconds,
  connectionsCheckingInterval: limits.checkEveryMilliseconds,
  maxHeaderSize: limits.maxHeaderBytes,
  insecureHTTPParser: false,
  requireHostHeader: true,
});

const tlsOptions = ({ certificatePem, clientCertificates, keyPem }: ListenerTls) => ({
  cert: certificatePem,
  key: keyPem,
  minVersion: 'TLSv1.2' as const,
  // What a session keeps of the client is its certificate alone: resumed, one whose path needs what came with it would be nobody's.
  ...(clientCertificates === 'optional' && { secureOptions: constants.SSL_OP_NO_TICKET }),
});

/** RFC 3986 §3.2.2, §3.2.3, as far as it takes to tell a host from what is none. */
const HOST = /^(?:\[[\da-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})*)(?::\d*)?$/i;

/** Who asks, and what a body is: there is one of each (RFC 9110 §5.3). Some clients send the same twice. */
const SINGLE_HEADERS = ['authorization', 'content-type'] as const;

/** What of expectations Node meets itself, before it tells of a request. */
const MET_EXPECTATION = /\b100-continue\b/i;

/** The status for a message that two readers could read differently: two Host headers, or one that is no host (RFC 9112 §3.2); two
 * others of a kind that differ, for Node takes the first and a proxy may have taken the second; a body with another coding than chunks
 * (RFC 9112 §6.1), which Node leaves as it is, or in chunks that HTTP/1.0 does not know: a proxy of that age finds another request in
 * them. And for one that expects what nobody does here (RFC 9110 §10.1.1). That there is a Host at all, Node requires itself. */
function refusalOf(request: IncomingMessage): 400 | 417 | 501 | undefined {
  const hosts = valuesOf(request, 'host');
  if (hosts.length > 1 || !hosts.every((host) => HOST.test(host))) return 400;
  if (SINGLE_HEADERS.some((name) => new Set(valuesOf(request, name)).size > 1)) return 400;
  const { expect, 'transfer-encoding': coding } = request.headers;
  if (coding !== undefined && request.httpVersion !== '1.1') return 400;
  if (expect !== undefined && !MET_EXPECTATION.test(expect)) return 417;
  return (coding ?? 'chunked').trim().toLowerCase() === 'chunked' ? undefined : 501;
}

function requireOneReading(handler: RequestListener): RequestListener {
  const ended = new WeakSet<Socket>();
  return (request, response) => {
    // Node tells of all that was read at once, also where we have closed the connection over what came before.
    if (request.socket.destroyed || ended.has(request.socket)) return;
    boundPieces(request);
    // Nobody reads it (RFC 9110 §9.3.1), and what nobody reads is kept until the answer was taken.
    if (request.method !== 'POST') request.resume();
    const status = refusalOf(request);
    if (status === undefined) return handler(request, response);
    ended.add(request.socket);
    response.writeHead(status, { connection: 'close' }).end();
  };
}

// Names and values by turns: the parsed headers have lost all but the first.
const valuesOf = ({ rawHeaders }: IncomingMessage, name: string): readonly string[] =>
  rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);

/** An application as Node calls it. It answers by itself; a promise it rejects with would be a bug of Koa's. */
export function requestListener(app: Koa): RequestListener {
  const handle = app.callback();
  return (request, response) => void handle(request, response);
}

/** The address of a listener. */
export function urlOf({ address, family, port }: AddressInfo, isTls: boolean): string {
  const host = family === 'IPv6' ? `[${address}]` : address;
  return `${isTls ? 'https' : 'http'}://${host}:${port}`;
}

/** Makes a server; it does not listen yet.
 * @throws {Error} for plain HTTP where others can listen in, and for a certificate that does not fit its key */
export function createListener(settings: ListenerSettings, answer: RequestListener): Listener {
  const handler = requireOneReading(answer);
  const { host, isGuarded = false, port, tls } = settings;
  const isLoopback = host === 'localhost' || THIS_HOST.has(host);
  if (!tls && !isLoopback && !isGuarded) {
    throw new Error(`plain HTTP on ${host} needs TLS, or the proxies that end TLS before it`);
  }
  const limits = { ...LIMITS, ...settings.limits };
  const options = serverOptions(limits);
  const server = tls
    ? createHttpsServer(
        {
          ...options,
          ...tlsOptions(tls),
          requestCert: tls.clientCertificates === 'optional',
          // A certificate of an unknown CA does not end the handshake; it is simply no credential. Who trusts which certificate
          // is decided where the client is known. That its key was proved is checked in the handshake all the same.
          rejectUnauthorized: false,
          handshakeTimeout: options.headersTimeout,
        },
        handler,
      )
    : createHttpServer(options, handler);
  // Node would answer these itself, unseen by what bounds the requests of a connection.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.maxHeadersCount = MAX_HEADERS;
  server.timeout = limits.untakenTimeoutMilliseconds;
  boundConnections(server, connectionBound(settings.maxConnections ?? Number.POSITIVE_INFINITY));
  return {
    server,
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          const address = server.address();
          if (typeof address === 'object' && address !== null) resolve(address);
          else reject(new Error('the listener has no TCP address'));
        });
      }),
    replaceCertificate(next) {
      if (!('setSecureContext' in server)) throw new Error('the listener has no TLS');
      server.setSecureContext(tlsOptions(next));
    },
  };
}
