import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  Agent,
  type IncomingMessage,
  type RequestListener,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import test from 'node:test';
import { setImmediate as nextTurn, setTimeout as takeLong } from 'node:timers/promises';
import { createDrain, type DrainSettings } from '#src/http/drain.ts';
import { send, serve } from './http-fixture.ts';

const drainOf = (server: Server, settings: Partial<DrainSettings> = {}) =>
  createDrain({
    server,
    drainDelayMilliseconds: 0,
    graceMilliseconds: 25_000,
    onDrained: [],
    ...settings,
  });

/** A handler that answers when it is told to. */
function aSlowHandler() {
  const arrived = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const handler: RequestListener = (_, response) => {
    arrived.resolve();
    void released.promise.then(() => response.end('done'));
  };
  return { handler, arrived: arrived.promise, release: released.resolve };
}

const answer: RequestListener = (_, response) => void response.end('ok');

for (const [drainDelayMilliseconds, atLeast] of [
  [1000, 0],
  [0, 1000],
] as const)
  test(`drain: not ready at once, but serves until the delay is over: ${drainDelayMilliseconds} ms, or ${atLeast} as asked`, async (t) => {
    const { server, port } = await serve(t, answer);
    const drain = drainOf(server, { drainDelayMilliseconds });
    assert.equal(drain.isDraining(), false);

    const drained = drain.start(atLeast);

    assert.equal(drain.isDraining(), true);
    const { body, headers } = await send({ port, headers: { connection: 'keep-alive' } });
    assert.equal(body, 'ok');
    assert.equal(headers.connection, 'close');
    await drained;
    await assert.rejects(send({ port }), /ECONNREFUSED/);
  });

test('drain: a request in flight gets its answer, and is told that the connection ends', async (t) => {
  const { handler, arrived, release } = aSlowHandler();
  const { server, port } = await serve(t, handler);
  const drain = drainOf(server);
  const inFlight = send({ port, headers: { connection: 'keep-alive' } });
  await arrived;

  const drained = drain.start();
  while (server.listening) await nextTurn();
  release();

  const { body, headers } = await inFlight;
  assert.equal(body, 'done');
  assert.equal(headers.connection, 'close');
  await drained;
});

test('drain: idle connections do not hold it up', async (t) => {
  const { server, port } = await serve(t, answer);
  const drain = drainOf(server);
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const sent = request({ port, host: '127.0.0.1', agent }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  const silent = connect(port, '127.0.0.1');
  await once(silent, 'connect');
  silent.on('error', () => undefined);

  await drain.start();

  assert.equal(server.listening, false);
});

test('drain: a request that never ends is cut when the grace is over', async (t) => {
  const { handler, arrived } = aSlowHandler();
  const { server, port } = await serve(t, handler);
  const drain = drainOf(server, { graceMilliseconds: 10 });
  const inFlight = send({ port });
  inFlight.catch(() => undefined);
  await arrived;

  await drain.start();

  await assert.rejects(inFlight, /socket hang up|ECONNRESET/);
});

test('drain: closers run in order, after the last answer, and all of them', async (t) => {
  const { handler, arrived, release } = aSlowHandler();
  const { server, port } = await serve(t, handler);
  const order: string[] = [];
  const closer = (name: string) => async () => void order.push(name);
  const broken = () => Promise.reject(new Error('audit'));
  const drain = drainOf(server, { onDrained: [closer('first'), broken, closer('last')] });
  server.on('request', (_, response) => void response.once('finish', () => order.push('answer')));
  const inFlight = send({ port });
  await arrived;

  const drained = drain.start();
  release();

  await assert.rejects(drained, AggregateError);
  await inFlight;
  assert.deepEqual(order, ['answer', 'first', 'last']);
});

test('drain: a second start is the first one', async (t) => {
  let closed = 0;
  const { server } = await serve(t, answer);
  const drain = drainOf(server, { onDrained: [async () => void (closed += 1)] });

  await Promise.all([drain.start(), drain.start()]);

  assert.equal(closed, 1);
});

test('drain: what was abandoned is drained, and closed once', async (t) => {
  let closed = 0;
  const { server } = await serve(t, answer);
  const drain = drainOf(server, { onDrained: [async () => void (closed += 1)] });

  await Promise.all([drain.abandon(), drain.abandon(), drain.start()]);

  assert.deepEqual([closed, drain.isDraining()], [1, true]);
});

test('drain: an answer that is half sent when it begins is sent to its end', async (t) => {
  const begun = Promise.withResolvers<ServerResponse>();
  const { server, port } = await serve(t, (_, response) => {
    response.write('half');
    begun.resolve(response);
  });
  const drain = drainOf(server);
  const inFlight = send({ port });
  const response = await begun.promise;

  const drained = drain.start();
  while (server.listening) await nextTurn();
  response.end(' and half');

  assert.equal((await inFlight).body, 'half and half');
  await drained;
});

test('drain: a request that is half received when it begins gets its answer, however long that takes', async (t) => {
  const { handler, arrived, release } = aSlowHandler();
  const { server, port } = await serve(t, handler);
  const drain = drainOf(server);
  const client = connect(port, '127.0.0.1');
  t.after(() => client.destroy());
  const [connection] = (await once(server, 'connection')) as [Socket];
  client.write('GET / HTTP/1.1\r\n');
  while (connection.bytesRead === 0) await nextTurn();

  const drained = drain.start();
  while (server.listening) await nextTurn();
  client.write('Host: a\r\n\r\n');
  await arrived;
  // Longer than it waits for what is half received.
  await takeLong(600);
  release();

  assert.match(await text(client), /^HTTP\/1\.1 200 /);
  await drained;
});
