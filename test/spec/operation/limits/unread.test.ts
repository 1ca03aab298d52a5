// Clients that ask and do not read: what they hold of the server is bounded, and they give way to others.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { RATE } from '#test/support/server/limited.ts';
import { startServer } from '#test/support/server/server.ts';

const GET = 'GET /jwks HTTP/1.1\r\nHost: sts.example.org\r\n\r\n';

function open(t: TestContext, url: string): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  t.after(() => socket.destroy());
  return socket;
}

/** Resolves with the status that is answered; undefined: the connection was closed. */
async function ask(socket: Socket): Promise<string | undefined> {
  socket.write(GET);
  const closed = new Promise<undefined>((resolve) =>
    socket.once('close', () => resolve(undefined)),
  );
  const told = once(socket, 'data').then(
    ([chunk]) => /^HTTP\/1\.1 (\d+)/.exec(String(chunk))?.[1],
    () => undefined,
  );
  return Promise.race([told, closed]);
}

test('Connections: clients that ask 60,000 times and read nothing keep nobody out', async (t) => {
  const server = await startServer(t, (document) => {
    document['limits'] = { maxConnections: 10 };
  });
  for (let client = 0; client < 10; client += 1) {
    const socket = open(t, server.url).pause();
    await once(socket, 'connect');
    socket.write(GET.repeat(60_000));
  }

  const answers: (string | undefined)[] = [];
  for (let client = 0; client < 5; client += 1) answers.push(await ask(open(t, server.url)));

  assert.deepEqual(answers, ['200', '200', '200', '200', '200']);
});

test('RFC 9112 §9.3.2: 16 requests that are sent at once are answered, in their order', async (t) => {
  const server = await startServer(t);
  const socket = open(t, server.url);
  let received = '';
  socket.on('data', (chunk) => void (received += chunk.toString()));

  socket.write(
    GET.repeat(15) +
      GET.replace('/jwks', '/nothing').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'),
  );
  await once(socket, 'close');

  const statuses = [...received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  assert.deepEqual(statuses, [...Array.from({ length: 15 }, () => '200'), '404']);
});

const from = (source: string, request: string): string =>
  request.replace('\r\n', `\r\nX-Forwarded-For: ${source}\r\n`);

for (const [what, request] of [
  ['GETs, which are under no limit,', GET],
  [
    'POSTs that are too many',
    'POST /token HTTP/1.1\r\nHost: sts.example.org\r\nContent-Length: 0\r\n\r\n',
  ],
] as const) {
  test(`Row 32: a flood of ${what} lets another source have its turn`, async (t) => {
    const server = await startServer(t, (document) => {
      document['trustedProxies'] = ['127.0.0.1/32'];
      document['limits'] = { perAddress: RATE };
    });
    const flooding = Array.from({ length: 60 }, () => open(t, server.url));
    const other = open(t, server.url);
    await Promise.all([...flooding, other].map(ask));
    let answered = 0;
    for (const socket of flooding)
      socket.on('data', (chunk) => void (answered += String(chunk).split('HTTP/1.1 ').length - 1));

    for (const socket of flooding) socket.write(from('192.0.2.1', request).repeat(16));
    other.write(from('198.51.100.1', GET));
    const [answer] = (await once(other, 'data')) as [Buffer];

    assert.match(answer.toString(), /^HTTP\/1\.1 200/);
    assert.ok(answered < 480, `after ${answered} of 960`);
  });
}
