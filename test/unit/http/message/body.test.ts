import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import test from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { queryObjects } from 'node:v8';
import { type BodyLimits, decodeUtf8, readBody, readForm } from '#src/http/message/body.ts';
import { HttpRefusal } from '#src/http/message/http-refusal.ts';
import { send, sendRaw, serve } from '../http-fixture.ts';

const FORM = 'application/x-www-form-urlencoded';
const LIMITS: BodyLimits = { maxBodyBytes: 10, contentTypes: ['text/xml'] };

/** Answers with the length of the body, or with the status of its refusal. */
function echo(limits: BodyLimits = LIMITS): RequestListener {
  return (req, res) => {
    readBody({ req, res }, limits).then(
      (body) => res.end(String(body.length)),
      (cause: unknown) => {
        res.statusCode = cause instanceof HttpRefusal ? cause.status : 500;
        res.end();
      },
    );
  };
}

const XML = { 'content-type': 'text/xml' };

test('body: is read up to its limit', async (t) => {
  const { port } = await serve(t, echo());

  assert.equal((await send({ port, headers: XML, body: 'x'.repeat(10) })).body, '10');
});

test('body: one that says it is too large is refused before it is read', async (t) => {
  const { port } = await serve(t, echo());

  const received = await sendRaw(
    port,
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\nContent-Length: 11\r\n\r\n',
  );

  assert.match(received, /^HTTP\/1\.1 413 /);
  assert.match(received, /^connection: close\r$/im);
});

for (const [what, head] of [
  ['is too large', 'Content-Type: text/xml'],
  ['is of another media type', 'Content-Type: image/png'],
])
  test(`RFC 9112 §9.6: who sends all of a body that ${what} before it reads gets the answer, and no reset`, async (t) => {
    const { port } = await serve(t, echo());
    const client = connect(port, '127.0.0.1').pause();
    t.after(() => client.destroy());
    const write = promisify<string, void>(client.write.bind(client));
    const part = 'x'.repeat(50_000);

    await write(`POST / HTTP/1.1\r\nHost: a\r\n${head}\r\nContent-Length: 1000000\r\n\r\n`);
    for (let sent = 0; sent < 20; sent += 1) {
      await write(part);
      // The server is in this process: it takes the part before the next one is sent.
      await setImmediate();
    }
    const received = await text(client);

    assert.match(received, /^HTTP\/1\.1 41[35] /);
    assert.match(received, /^connection: close\r$/im);
  });

test('body: one that goes on and on is refused, and its connection ends', async (t) => {
  const { port } = await serve(t, echo());
  const client = connect(port, '127.0.0.1');
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\n';
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
  // It ends when the server ends the connection in the middle of it.
  const endless = Readable.from(
    (function* () {
      yield `${head}Transfer-Encoding: chunked\r\n\r\n`;
      for (;;) yield chunk;
    })(),
  );

  await assert.rejects(pipeline(endless, client, { signal: t.signal }), /EPIPE|ECONNRESET/);
});

test('body: one that does not say it is refused as soon as it shows, and not read to its end', async (t) => {
  const { port } = await serve(t, echo());
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\n';

  const received = await sendRaw(
    port,
    `${head}Transfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n8\r\n01234567\r\n`,
  );

  assert.match(received, /^HTTP\/1\.1 413 /);
});

for (const [name, headers] of [
  ['no media type', {}],
  ['another media type', { 'content-type': 'application/json' }],
  ['a media type that only begins like it', { 'content-type': 'text/xml-evil' }],
  ['something behind the media type', { 'content-type': 'text/xml evil' }],
  ['another media type before it', { 'content-type': 'text/plain text/xml' }],
  ['another charset, in capitals', { 'content-type': 'text/xml; CHARSET=UTF-16' }],
  ['another charset with space around', { 'content-type': 'text/xml ; charset = utf-16' }],
  [
    'another charset, in quotes, with space around',
    { 'content-type': 'text/xml;charset = "utf-16"' },
  ],
  ['another charset, without a space', { 'content-type': 'text/xml;a=b;charset=utf-16' }],
  ['another charset', { 'content-type': 'text/xml; charset=utf-7' }],
  ['two charsets', { 'content-type': 'text/xml; charset=utf-8; charset=utf-16' }],
  ['a quoted charset that is another', { 'content-type': 'text/xml;charset="ISO-8859-1"' }],
  ['compression', { ...XML, 'content-encoding': 'gzip' }],
] as const) {
  test(`body: ${name} is refused`, async (t) => {
    const { port } = await serve(t, echo());

    assert.equal((await send({ port, headers, body: 'x' })).status, 415);
  });
}

for (const contentType of [
  'text/xml',
  ' text/xml ',
  'Text/XML; Charset="UTF-8"',
  'text/xml;charset=utf8',
  'text/xml ; charset = utf-8 ; action="urn:x"',
]) {
  test(`body: ${contentType} is taken`, async (t) => {
    const { port } = await serve(t, echo());

    const { status } = await send({ port, headers: { 'content-type': contentType }, body: 'x' });

    assert.equal(status, 200);
  });
}

test('body: one that says that it is not compressed is taken', async (t) => {
  const { port } = await serve(t, echo());
  const headers = { ...XML, 'content-encoding': 'Identity' };

  assert.equal((await send({ port, headers, body: 'x' })).status, 200);
});

test('body: of one that is too large no more is read', async (t) => {
  const request = Promise.withResolvers<IncomingMessage>();
  const { port } = await serve(t, (req, res) => {
    readBody({ req, res }, LIMITS).catch(() => request.resolve(req));
  });
  const client = connect(port, '127.0.0.1');
  t.after(() => client.destroy());

  client.write(
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n',
  );

  const refused = await request.promise;
  assert.equal(refused.isPaused(), true);
  assert.equal(refused.listenerCount('data'), 0);
});

for (const [what, head, spoil] of [
  ['goes away', 'Content-Length: 9\r\n\r\nabc', (client: Socket) => client.destroy()],
  ['ends', 'Content-Length: 9\r\n\r\nabc', (client: Socket) => client.end()],
  [
    'sends what is no chunk',
    'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
    (client: Socket) => client.write('zz\r\n'),
  ],
] as const)
  test(`body: a client that ${what} in the middle is a refusal, and nobody waits for what it might still send`, async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const outcome = Promise.withResolvers<unknown>();
    const { port } = await serve(t, (req, res) => {
      readBody({ req, res }, LIMITS).catch(outcome.resolve);
      spoil(client);
    });
    const client = connect(port, '127.0.0.1');
    t.after(() => client.destroy());
    await once(client, 'connect');

    client.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\n${head}`);

    const refusal = await outcome.promise;
    assert.ok(refusal instanceof HttpRefusal);
    assert.equal(refusal.status, 400);
  });

test('body: one in thousands of pieces is kept in some dozens', async (t) => {
  const counted = Promise.withResolvers<number>();
  const { port } = await serve(t, (req, res) => {
    let left = 3000 * 64;
    const before = queryObjects(Buffer, { format: 'count' });
    readBody({ req, res }, { ...LIMITS, maxBodyBytes: 1_000_000 }).catch(() => undefined);
    req.on('data', (piece: Buffer) => {
      left -= piece.length;
      if (left === 0) counted.resolve(queryObjects(Buffer, { format: 'count' }) - before);
    });
  });
  const client = connect(port, '127.0.0.1');
  t.after(() => client.destroy());

  client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\n');
  client.write(
    `Transfer-Encoding: chunked\r\n\r\n${`40\r\n${'x'.repeat(64)}\r\n`.repeat(3000)}0\r\n\r\n`,
  );

  const kept = await counted.promise;
  assert.ok(kept < 500, String(kept));
});

test('body: a form is parsed, duplicates included', async (t) => {
  const { port } = await serve(t, (req, res) => {
    readForm({ req, res }, 100).then((form) => res.end(JSON.stringify(form)), assert.ifError);
  });

  const { body } = await send({ port, headers: { 'content-type': FORM }, body: 'a=1&a=2' });

  assert.deepEqual(JSON.parse(body), [
    ['a', '1'],
    ['a', '2'],
  ]);
});

test('body: bytes that are not UTF-8 are refused, and a byte order mark is not swallowed', () => {
  assert.throws(() => decodeUtf8(Buffer.of(0x61, 0xff)), { reason: 'request-malformed' });
  // One decoder reads all bodies: a broken one leaves nothing behind for the next.
  assert.throws(() => decodeUtf8(Buffer.of(0x61, 0xe2, 0x82)), { reason: 'request-malformed' });
  assert.equal(decodeUtf8(Buffer.from('\ufeffa')), '\ufeffa');
});
