// Connections of strangers that ask and do not take what is answered, or do not say to the end what they ask.
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { ListenerSettings } from '#src/http/listener.ts';
import { boundConnections } from '#src/http/load/connections.ts';
import { eventually } from '#test/support/eventually.ts';
import { selfSigned } from '#test/support/x509/certificate.ts';
import { send, serve } from '../http-fixture.ts';

/** More than the buffers of both ends take. */
const BIG = Buffer.alloc(20_000_000);
const TIMEOUT = { untakenTimeoutMilliseconds: 20 };

const ask = (path: string, more = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: sts.example.org\r\n${more}\r\n`;

/** A server may end a connection by a reset. */
const closing = (socket: Socket): Promise<unknown> =>
  new Promise((resolve) => socket.resume().once('close', resolve));

interface Handler extends EventEmitter {
  readonly answer: RequestListener;
}

/** Tells of each request by its path, and of the end of its answer by path and whether all was taken. `/held` is answered by the test. */
function createHandler(): Handler {
  const told = new EventEmitter();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const path = request.url ?? '';
    response.once('close', () => told.emit(`${path} ${response.writableFinished}`));
    if (path === '/big') response.end(BIG);
    else if (path !== '/held' && path !== '/upload') response.end('ok');
    told.emit(path, response);
  };
  return Object.assign(told, { answer });
}

interface Served {
  readonly told: EventEmitter;
  readonly port: number;
  readonly server: EventEmitter;
  readonly tls?: { readonly ca: string };
  open(text: string): Promise<Socket>;
}

async function start(
  t: TestContext,
  isTls: boolean,
  settings: Partial<ListenerSettings>,
): Promise<Served> {
  const { certPem: certificatePem, keyPem } = await selfSigned(['localhost']);
  const told = createHandler();
  const tls = isTls && { tls: { certificatePem, keyPem } };
  const { port, server } = await serve(t, told.answer, { ...settings, ...tls });
  const ca = certificatePem;
  return {
    told,
    port,
    server,
    ...(isTls && { tls: { ca } }),
    async open(text) {
      const socket = isTls
        ? connectTls({ port, host: '127.0.0.1', ca, servername: 'localhost' })
        : connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      t.after(() => socket.destroy());
      socket.pause();
      socket.write(text);
      await once(told, / (\S+)/.exec(text)?.[1] ?? '');
      return socket;
    },
  };
}

for (const isTls of [false, true]) {
  const over = isTls ? 'over TLS' : 'over plain HTTP';

  test(`Connections: ${over} one that does not take its answer gives way, and one that waits for us does not`, async (t) => {
    const served = await start(t, isTls, { maxConnections: 2 });
    const held = once(served.told, '/held');
    const waiting = await served.open(ask('/held'));
    await served.open(ask('/big'));
    const ended = once(served.told, '/big false');

    const { status } = await send(served);
    await ended;

    const [response] = (await held) as [ServerResponse];
    response.end();
    waiting.resume();
    const [received] = (await once(waiting, 'data')) as [Buffer];
    assert.equal(status, 200);
    assert.match(received.toString(), /^HTTP\/1\.1 200/);
  });

  test(`Connections: ${over} one that takes none of its answer ends in time, and one that waits for us or asks later does not`, async (t) => {
    const served = await start(t, isTls, { limits: TIMEOUT });
    const held = once(served.told, '/held');
    const idle = once(served.server, 'timeout');
    const waiting = await served.open(ask('/held'));
    const kept = await served.open(ask('/small'));
    const untaken = once(served.told, '/big false');
    await idle;

    await served.open(ask('/big'));
    await untaken;

    const [response] = (await held) as [ServerResponse];
    response.end();
    for (const socket of [waiting, kept]) {
      socket.resume();
      const [received] = (await once(socket, 'data')) as [Buffer];
      assert.match(received.toString(), /^HTTP\/1\.1 200/);
    }
    kept.write(ask('/again'));
    await once(served.told, '/again');
  });
}

for (const [what, text] of [
  ['of HTTP/1.0', 'GET /big HTTP/1.0\r\n\r\n'],
  ['that is the last', ask('/big', 'Connection: close\r\n')],
  ['with others behind it', ask('/big') + ask('/small')],
] as const) {
  test(`Connections: an answer ${what} ends in time where none of it is taken`, async (t) => {
    const served = await start(t, false, { limits: TIMEOUT });
    const untaken = once(served.told, '/big false');

    await served.open(text);

    await untaken;
  });
}

test('Connections: an answer to a client that says no more ends in time where none of it is taken', async (t) => {
  const served = await start(t, false, { limits: TIMEOUT });
  const untaken = once(served.told, '/big false');

  (await served.open(ask('/big'))).end();

  await untaken;
});

test('Connections: one that does not say to the end what it asks gives way', async (t) => {
  const served = await start(t, false, { maxConnections: 1 });
  const head = 'POST /upload HTTP/1.1\r\nHost: sts.example.org\r\nContent-Length: 2\r\n\r\n';
  await served.open(`${head}a`);
  const ended = once(served.told, '/upload false');

  const { status } = await send(served);

  await ended;
  assert.equal(status, 200);
});

test('Connections: 16 requests of one wait for their answers, and with more it is closed and asks no more', async (t) => {
  const served = await start(t, false, {});
  let heard = 0;
  served.told.on('/held', () => void (heard += 1));

  const socket = await served.open(ask('/held').repeat(16));
  const before = heard;
  socket.write(ask('/held').repeat(10));
  await closing(socket);
  await closing(await served.open(ask('/held').repeat(10_000)));

  assert.equal(before, 16);
  assert.equal(heard, 32);
});

for (const isTls of [false, true])
  test(`Connections: ${isTls ? 'over TLS' : 'over plain HTTP'} 1,000 requests wait behind others, over all of them; who waits for its answer is served`, async (t) => {
    const served = await start(t, isTls, {});
    let heard = 0;
    served.told.on('/held', () => void (heard += 1));
    const flood: Socket[] = [];
    for (let client = 0; client < 66; client += 1)
      flood.push(await served.open(ask('/held').repeat(16)));

    for (const _ of ['one', 'another']) await closing(await served.open(ask('/held').repeat(16)));
    const atMost = heard;
    const { status } = await send(served);

    const ends = flood.map(closing);
    for (const socket of flood) socket.destroy();
    await Promise.all(ends);
    await eventually('places are free', async () => {
      heard = 0;
      await served.open(ask('/held').repeat(16));
      return heard === 16;
    });
    assert.deepEqual([atMost, status], [66 * 16 + 2 * 11, 200]);
  });

test('Connections: of those with requests behind others the one without progress for longest gives way, and none that waits for us', async (t) => {
  const served = await start(t, false, {});
  const upload = 'POST /upload HTTP/1.1\r\nHost: sts.example.org\r\nContent-Length: 2\r\n\r\na';
  const alone = await served.open(upload);
  const waiting = await served.open(ask('/held').repeat(16));
  const slow: Socket[] = [];
  for (let client = 0; client < 65; client += 1)
    slow.push(await served.open(ask('/held').repeat(15) + upload));
  let heard = 0;
  served.told.on('/held', () => void (heard += 1));
  const closed: Socket[] = [];
  for (const socket of [alone, waiting, ...slow])
    socket.resume().once('close', () => void closed.push(socket));

  await served.open(ask('/held').repeat(16));
  await eventually('one gave way', async () => closed.length > 0);

  assert.equal(heard, 16);
  assert.deepEqual(
    closed.map((socket) => slow.indexOf(socket)),
    [0],
  );
});

/** A connection of a client from this port, as a server can be given one, at one of its addresses. */
function aConnectionTo(server: Server, remotePort: number, localAddress = '192.0.2.10'): Duplex {
  const connection = new Duplex({ read: () => undefined, write: (_, __, done) => done() });
  Object.assign(connection, { localAddress, remoteAddress: '192.0.2.1', remotePort });
  server.emit('connection', connection);
  return connection;
}

// The client resets one and opens another: where the server is busy it learns of both at once, and of the new one first.
test('Connections: one whose client has begun another from the same port has nothing behind it any more', async () => {
  const server = createServer();
  boundConnections(server, 10_000);
  const asking = async (connection: Duplex, requests: number): Promise<number> => {
    const { promise, resolve } = Promise.withResolvers<number>();
    let heard = 0;
    const hear = (): void => {
      heard += 1;
      if (heard === requests) resolve(heard);
    };
    server.on('request', hear);
    connection.once('close', () => resolve(heard)).push(ask('/held').repeat(requests));
    await promise;
    server.off('request', hear);
    return heard;
  };
  for (let times = 0; times < 66; times += 1) {
    const old = aConnectionTo(server, 1);
    await asking(old, 16);
    const next = aConnectionTo(server, 1);
    for (const each of [old, next]) await once(each.destroy(), 'close');
  }

  const last = aConnectionTo(server, 2);

  assert.equal(await asking(last, 12), 12);
  assert.equal(last.destroyed, false);
});

test('Connections: whoever asks over one and begins another from the same port has no connection without a bound', async () => {
  const server = createServer();
  boundConnections(server, 10_000);
  const old = aConnectionTo(server, 1);
  const next = aConnectionTo(server, 1);
  const ended = once(old, 'close');

  old.push(ask('/held').repeat(17));
  await ended;

  assert.equal(next.destroyed, true);
});

test('Connections: of two from one port to two addresses of ours each has its own bound, also when the other has ended', async () => {
  const server = createServer();
  boundConnections(server, 10_000);
  const one = aConnectionTo(server, 1);
  const other = aConnectionTo(server, 1, '192.0.2.11');
  await once(other.destroy(), 'close');
  const { promise: isEnded, resolve } = Promise.withResolvers<boolean>();
  let heard = 0;
  server.on('request', () => {
    heard += 1;
    if (heard === 17) resolve(one.destroyed);
  });

  one.push(ask('/held').repeat(17));

  assert.equal(await isEnded, true);
});
