// A body that comes in pieces of a few bytes: each takes its time and memory whatever is in it.
import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener } from 'node:http';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { eventually } from '#test/support/eventually.ts';
import { sendRaw, serve } from '../http-fixture.ts';

const POST =
  'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n';

const chunksOf = (bytes: number, count: number): string =>
  `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`.repeat(count);

const answerLength: RequestListener = (request, response) => {
  buffer(request).then(
    (body) => response.end(`${body.length} bytes`),
    () => undefined,
  );
};

for (const [what, bytes, count] of [
  ['4,000 pieces of a byte', 1, 4000],
  ['70 pieces of 1,000 bytes', 1000, 70],
  ['3 pieces of 60,000 bytes', 60_000, 3],
  ['5,000 pieces of 64 bytes', 64, 5000],
] as const)
  test(`Pieces: a body in ${what} is read`, async (t) => {
    const { port } = await serve(t, answerLength);

    const received = await sendRaw(port, `${POST}${chunksOf(bytes, count)}0\r\n\r\n`);

    assert.match(received, new RegExp(`${bytes * count} bytes`));
  });

test('Pieces: one that goes on in pieces of a byte ends, read or not, and no more than 4,200 of them are kept', async (t) => {
  const kept: number[] = [];
  const { port } = await serve(t, (request, response) => {
    if (request.url === '/read') answerLength(request, response);
    request.once('close', () => kept.push(request.readableLength));
  });
  const pieces = `${chunksOf(1, 9000)}0\r\n\r\n`;

  const answers = [
    await sendRaw(port, POST.replace('/', '/read') + pieces),
    await sendRaw(port, POST + pieces),
  ];

  assert.deepEqual(answers, ['', '']);
  assert.ok(
    kept.every((bytes) => bytes < 4200),
    String(kept),
  );
});

test('RFC 9110 §9.3.1: what comes with a GET is thrown away as it comes, also before it is answered', async (t) => {
  const heard = Promise.withResolvers<IncomingMessage>();
  const { port } = await serve(t, (request) => heard.resolve(request));
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());

  socket.write(`GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n${'x'.repeat(60_000)}`);

  const request = await heard.promise;
  await eventually('all of it has gone by', async () => request.readableEnded);
});
