import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import test, { type TestContext } from 'node:test';
import type Koa from 'koa';
import { ExchangeFailure } from '#core/failure.ts';
import { type Access, createCorrelation } from '#src/http/correlation.ts';
import { requestListener } from '#src/http/listener.ts';
import { HttpRefusal } from '#src/http/message/http-refusal.ts';
import { createPublicApp, type PublicApp } from '#src/http/public-app.ts';
import { requestState } from '#src/http/request-state.ts';
import { eventually } from '#test/support/eventually.ts';
import { send, serve } from './http-fixture.ts';

interface Run {
  readonly port: number;
  readonly accesses: readonly Access[];
  readonly errors: readonly {
    readonly cause: unknown;
    readonly correlationId: string | undefined;
  }[];
  readonly application: PublicApp;
}

/** A public application with these inner handlers on a real server. */
async function anApp(t: TestContext, ...handlers: readonly Koa.Middleware[]): Promise<Run> {
  const accesses: Access[] = [];
  const errors: { cause: unknown; correlationId: string | undefined }[] = [];
  const application = createPublicApp({
    middleware: [
      createCorrelation({
        routes: ['/token', '/sts/STSService/*'],
        onAccess: (access) => void accesses.push(access),
      }),
    ],
    handlers,
    onError: (cause, correlationId) => void errors.push({ cause, correlationId }),
  });
  const handle = application.app.callback();
  const { port } = await serve(t, (request, response) => void handle(request, response));
  return { port, accesses, errors, application };
}

const answer =
  (body: string): Koa.Middleware =>
  (ctx) => {
    ctx.body = body;
  };
const fail =
  (cause: unknown): Koa.Middleware =>
  () => {
    throw cause;
  };

test('public app: safe headers are there by default, and a handler may change them', async (t) => {
  const { port } = await anApp(t, (ctx) => {
    if (ctx.path === '/jwks') ctx.set('cache-control', 'public, max-age=300');
    ctx.body = 'ok';
  });

  const token = await send({ port, path: '/token' });
  const keys = await send({ port, path: '/jwks' });

  assert.equal(token.headers['cache-control'], 'no-store');
  assert.equal(token.headers['x-content-type-options'], 'nosniff');
  assert.match(token.headers['strict-transport-security'] ?? '', /^max-age=\d{8}/);
  assert.equal(keys.headers['cache-control'], 'public, max-age=300');
});

test('public app: an error is answered without a word of it, with the correlation id', async (t) => {
  const { port, errors, accesses } = await anApp(t, fail(new Error('secret /srv/app.ts')));

  const { status, headers, body } = await send({ port, path: '/token' });

  assert.equal(status, 500);
  assert.equal(body, '{"error":"server_error"}');
  assert.match(headers['content-type'] ?? '', /^application\/json/);
  assert.equal(headers['x-correlation-id'], errors[0]?.correlationId);
  assert.equal(accesses[0]?.status, 500);
  assert.deepEqual([accesses[0]?.outcome, accesses[0]?.reason], ['failed', 'server-error']);
});

test('public app: what is thrown and is no error is answered in the same way', async (t) => {
  const { port } = await anApp(t, fail('secret'));

  assert.equal((await send({ port })).body, '{"error":"server_error"}');
});

for (const [cause, status, error] of [
  [new HttpRefusal(413, 'secret'), 413, 'invalid_request'],
  [new ExchangeFailure('request-malformed', 'secret'), 400, 'invalid_request'],
  [new ExchangeFailure('dependency-unavailable', 'secret'), 503, 'temporarily_unavailable'],
  [new ExchangeFailure('rate-limited', 'secret'), 429, 'temporarily_unavailable'],
  [Object.assign(new Error('secret'), { status: 404, expose: true }), 500, 'server_error'],
] as const) {
  test(`public app: ${cause.name} ${status} that no front translated has a bare answer`, async (t) => {
    const { port, accesses, errors } = await anApp(t, fail(cause));

    const received = await send({ port });

    assert.equal(received.status, status);
    assert.equal(received.body, JSON.stringify({ error }));
    const isForNow = status === 503 || status === 429;
    assert.equal(received.headers['retry-after'], isForNow ? '1' : undefined);
    assert.equal(accesses[0]?.status, status);
    assert.equal(errors.length, status === 500 ? 1 : 0);
  });
}

test('public app: a failure of what stands around the handlers is answered and told as any other', async (t) => {
  const cause = new Error('secret');
  const errors: unknown[] = [];
  const { app } = createPublicApp({
    middleware: [fail(cause)],
    handlers: [],
    onError: (each) => void errors.push(each),
  });
  const { port } = await serve(t, requestListener(app));

  const { status, headers, body } = await send({ port });

  assert.deepEqual([status, body], [500, '{"error":"server_error"}']);
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.deepEqual(errors, [cause]);
});

test('public app: an error takes back what the handler had begun to say', async (t) => {
  const { port } = await anApp(t, (ctx) => {
    ctx.res.setHeader('connection', 'close');
    ctx.set({ 'set-cookie': 'session=1', 'cache-control': 'public', location: '/', etag: '"1"' });
    ctx.type = 'text/html';
    ctx.body = '<p>';
    throw new Error('late');
  });

  const { headers } = await send({ port });

  assert.equal(headers['set-cookie'], undefined);
  assert.equal(headers.location, undefined);
  assert.equal(headers.etag, undefined);
  assert.equal(headers['cache-control'], 'no-store');
  assert.match(headers['content-type'] ?? '', /^application\/json/);
  assert.equal(headers.connection, 'close');
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.match(headers['strict-transport-security'] ?? '', /^max-age=/);
});

const ENDINGS: readonly (readonly [string, (connection: Socket) => void])[] = [
  ['resets', (connection) => void connection.resetAndDestroy()],
  ['fills with what is no request', (connection) => void connection.write('what is this\r\n\r\n')],
];

for (const [what, end] of ENDINGS)
  test(`public app: a connection that its client ${what} is no error of ours`, async (t) => {
    const reached = Promise.withResolvers<void>();
    const { port, errors, accesses } = await anApp(t, async (ctx) => {
      const closed = Promise.withResolvers<void>();
      ctx.req.socket.once('close', () => closed.resolve());
      reached.resolve();
      await closed.promise;
    });
    const connection = connect(port, '127.0.0.1').on('error', () => undefined);
    connection.write('GET /token HTTP/1.1\r\nHost: x\r\n\r\n');
    await reached.promise;

    end(connection);
    await eventually('the end', async () => accesses.length === 1);

    assert.deepEqual(errors, []);
  });

for (const [what, cause] of [
  ['no code', new Error('torn')],
  ['a code that is no end of a connection', Object.assign(new Error('torn'), { code: 'EACCES' })],
] as const)
  test(`public app: an error in sending an answer is told: with ${what}`, async (t) => {
    const { port, errors } = await anApp(t, (ctx) => {
      ctx.body = Readable.from([new Error('none')]).map(() => {
        throw cause;
      });
    });

    await assert.rejects(send({ port, path: '/token' }));

    assert.equal(errors[0]?.cause, cause);
  });

test('public app: a path that nobody serves is 404 in JSON', async (t) => {
  const { port } = await anApp(t, (_, next) => next());

  const { status, body } = await send({ port, path: '/<script>' });

  assert.equal(status, 404);
  assert.equal(body, '{"error":"not_found"}');
});

test('public app: a 404 with a body of its own stays', async (t) => {
  const { port } = await anApp(t, (ctx) => {
    ctx.status = 404;
    ctx.body = 'gone';
  });

  assert.equal((await send({ port })).body, 'gone');
});

test('public app: a swap changes what new requests get, and requests in flight finish on the old handlers', async (t) => {
  const arrived = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const { port, application } = await anApp(
    t,
    async (_, next) => {
      arrived.resolve();
      await released.promise;
      await next();
    },
    answer('old'),
  );
  const inFlight = send({ port });
  await arrived.promise;

  application.swap([answer('new')]);
  const after = await send({ port });
  released.resolve();

  assert.equal(after.body, 'new');
  assert.equal((await inFlight).body, 'old');
});

test('public app: a swap under load loses no request', async (t) => {
  const { port, application } = await anApp(t, answer('0'));

  const sent = Array.from({ length: 100 }, (_, index) => {
    application.swap([answer(String(index))]);
    return send({ port });
  });

  const statuses = (await Promise.all(sent)).map(({ status }) => status);
  assert.deepEqual(new Set(statuses), new Set([200]));
});

test('correlation: each request gets a new id of 128 bits, whatever the client sends', async (t) => {
  const { port } = await anApp(t, answer('ok'));
  const headers = { 'x-correlation-id': 'mine', 'x-request-id': 'mine' };

  const ids = await Promise.all(
    [1, 2].map(async () => (await send({ port, headers })).headers['x-correlation-id']),
  );

  assert.equal(new Set(ids).size, 2);
  for (const id of ids) assert.match(String(id), /^[\w-]{22}$/);
});

test('correlation: tells method, route, status and id, and neither query nor path of the client', async (t) => {
  const { port, accesses } = await anApp(t, answer('ok'));

  const { headers } = await send({ port, path: '/token?token=secret' });
  await send({ port, path: '/sts/STSService/tenant-1' });
  await send({ port, path: '/secret' });
  await send({ port, path: '/sts/STSServices' });

  const { milliseconds, ...first } = accesses[0] ?? { milliseconds: -1 };
  assert.ok(milliseconds >= 0);
  assert.deepEqual(first, {
    method: 'GET',
    route: '/token',
    status: 200,
    correlationId: headers['x-correlation-id'],
    grant: '',
    outcome: 'answered',
    reason: '',
  });
  assert.equal(accesses[1]?.route, '/sts/STSService/*');
  assert.equal(accesses[2]?.route, 'other');
  assert.equal(accesses[3]?.route, 'other');
});

test('correlation: a front adds route, grant and reason', async (t) => {
  const { port, accesses } = await anApp(t, (ctx) => {
    Object.assign(requestState(ctx), { route: '/x', grant: 'jwt-bearer', reason: 'token-expired' });
    ctx.status = 400;
  });

  await send({ port });

  const [access] = accesses;
  assert.deepEqual(
    [access?.route, access?.grant, access?.reason, access?.outcome],
    ['/x', 'jwt-bearer', 'token-expired', 'refused'],
  );
});

for (const [status, reason, outcome] of [
  [200, undefined, 'answered'],
  [500, 'token-expired', 'refused'],
  [500, undefined, 'failed'],
  [500, 'server-error', 'failed'],
  [503, 'dependency-unavailable', 'failed'],
] as const)
  test(`correlation: ${status} for ${reason ?? 'no reason'} is ${outcome}`, async (t) => {
    const { port, accesses } = await anApp(t, (ctx) => {
      Object.assign(requestState(ctx), { reason });
      ctx.status = status;
    });

    await send({ port });

    assert.equal(accesses[0]?.outcome, outcome);
  });
