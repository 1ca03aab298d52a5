// What strangers can have us read by asking for status lists that do not exist.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Context, Next } from 'koa';
import { ExchangeFailure } from '#core/failure.ts';
import type { StatusListContent } from '#core/status-list/status-list.ts';
import { createStatusListMiddleware } from '#src/app/generation/status-lists.ts';
import type { RequestState } from '#src/http/request-state.ts';
import { fakeClock } from '#test/support/fake-clock.ts';

const REAL = 'R'.repeat(22);
const madeUp = (number: number): string => `M${String(number).padStart(21, '0')}`;

/** The middleware over a store of one list, whose answers wait until the test lets them go, or which is away. */
function aServer(isAway = false) {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const asked: string[] = [];
  const waiting: (() => void)[] = [];
  const middleware = createStatusListMiddleware(
    { issuer: 'https://sts.example.org', statusLists: { ttlSeconds: 60, lifetimeSeconds: 3600 } },
    {
      clock: fakeClock(),
      keys: { jwtSigningKey: () => ({ kid: 'k', algorithm: 'ES256', key }) },
      statusLists: {
        allocate: () => assert.fail(),
        register: () => assert.fail(),
        async read(list): Promise<StatusListContent | undefined> {
          if (isAway) throw new ExchangeFailure('dependency-unavailable', 'the store is away');
          asked.push(list);
          await new Promise<void>((resolve) => void waiting.push(resolve));
          return list === REAL ? { algorithm: 'ES256', bits: new Uint8Array(128) } : undefined;
        },
      },
    },
  );
  const state: RequestState = {};
  return {
    asked,
    state,
    async get(list: string, sourceAddress: string): Promise<number> {
      const ctx = {
        method: 'GET',
        path: `/status/${list}`,
        query: {},
        state: Object.assign(state, { sourceAddress }),
        status: 200,
        accepts: () => true,
        set: () => undefined,
      };
      await middleware(ctx as unknown as Context, (() => assert.fail()) as Next);
      return ctx.status;
    },
    /** Lets the store answer all that it has been asked. */
    async answer(): Promise<void> {
      for (const go of waiting.splice(0)) go();
      await setImmediate();
    },
  };
}

test('Status lists: a flood of made-up names asks the store for four at a time, and another source has the next turn', async () => {
  const server = aServer();
  const flood = Array.from({ length: 2000 }, (_, number) =>
    server.get(madeUp(number), '192.0.2.1'),
  );
  const other = server.get(REAL, '198.51.100.1');
  const askedAtOnce = server.asked.length;

  await server.answer();
  const askedNext = server.asked.slice(askedAtOnce);
  await server.answer();
  const status = await other;
  while (server.asked.length < 2001) await server.answer();
  await server.answer();

  assert.equal(askedAtOnce, 4);
  assert.equal(askedNext.length, 4);
  assert.ok(askedNext.includes(REAL));
  assert.equal(status, 200);
  assert.deepEqual(new Set(await Promise.all(flood)), new Set([404]));
});

test('Status lists: made-up names push no list out that is kept, also while they are looked for', async () => {
  const server = aServer();
  const first = server.get(REAL, '198.51.100.1');
  await server.answer();
  assert.equal(await first, 200);

  const flood = Array.from({ length: 2000 }, (_, number) =>
    server.get(madeUp(number), '192.0.2.1'),
  );
  const again = await server.get(REAL, '198.51.100.1');

  assert.equal(again, 200);
  assert.equal(server.asked.filter((list) => list === REAL).length, 1);
  while (server.asked.length < 2001) await server.answer();
  await server.answer();
  await Promise.all(flood);
});

test('Status lists: all who ask for one at one time get what is read once', async () => {
  const server = aServer();
  const answers = Array.from({ length: 10 }, () => server.get(REAL, '192.0.2.1'));
  await server.answer();

  assert.deepEqual(new Set(await Promise.all(answers)), new Set([200]));
  assert.equal(server.asked.length, 1);
});

test('Status lists: who asks for one after a flood of another source waits no longer because that source asked for it, too', async () => {
  const server = aServer();
  const flood = Array.from({ length: 2000 }, (_, number) =>
    server.get(madeUp(number), '192.0.2.1'),
  );
  const last = server.get(REAL, '192.0.2.1');
  const other = server.get(REAL, '198.51.100.1');
  await server.answer();
  const isAsked = server.asked.includes(REAL);
  await server.answer();
  const status = isAsked && (await other);
  while (server.asked.length < 2001) await server.answer();
  await server.answer();

  assert.ok(isAsked);
  assert.equal(status, 200);
  assert.equal(await last, 200);
  assert.deepEqual(new Set(await Promise.all(flood)), new Set([404]));
  assert.equal(server.asked.filter((list) => list === REAL).length, 1);
});

test('Status lists: while the store is away the answer is 503, and log and metrics have the reason', async () => {
  const server = aServer(true);

  const status = await server.get(REAL, '203.0.113.1');

  assert.deepEqual([status, server.state.reason], [503, 'dependency-unavailable']);
});
