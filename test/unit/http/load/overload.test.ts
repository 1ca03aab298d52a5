import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOverloadGuard } from '#src/http/load/overload.ts';

const LIMITS = { maxInFlight: 2, maxLoopDelayMilliseconds: 50 };
const REFUSED = { reason: 'dependency-unavailable', retryAfterSeconds: 1 };

test('Overload: refuses what is more than may be in flight, and serves again when some of it is done', async (t) => {
  const guard = createOverloadGuard();
  t.after(() => guard.stop());
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const running = gates.map(({ promise }) => guard.run(LIMITS, () => promise));

  await assert.rejects(
    guard.run(LIMITS, async () => 'served'),
    REFUSED,
  );
  gates[0]?.resolve();
  await running[0];

  assert.equal(await guard.run(LIMITS, async () => 'served'), 'served');
  gates[1]?.resolve();
  await running[1];
});

test('Overload: work that fails gives its place back', async (t) => {
  const guard = createOverloadGuard();
  t.after(() => guard.stop());
  const failing = async (): Promise<never> => {
    throw new Error('failed');
  };
  for (let time = 0; time < 3; time += 1)
    await assert.rejects(guard.run(LIMITS, failing), /failed/);

  assert.equal(await guard.run(LIMITS, async () => 'served'), 'served');
});

test('Overload: refuses while the event loop is late and there is work, and not when there is none', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let now = 0;
  const guard = createOverloadGuard(() => now);
  t.after(() => guard.stop());
  const gate = Promise.withResolvers<void>();
  now = 1000;
  t.mock.timers.tick(100);

  const running = guard.run(LIMITS, () => gate.promise);
  await assert.rejects(
    guard.run(LIMITS, async () => 'served'),
    REFUSED,
  );
  now = 1100;
  t.mock.timers.tick(100);

  assert.equal(await guard.run(LIMITS, async () => 'served'), 'served');
  gate.resolve();
  await running;
});

test('Overload: of those who have not sent what they ask, the oldest gives way once it is slow, and nobody else', async (t) => {
  let now = 0;
  const guard = createOverloadGuard(() => now);
  t.after(() => guard.stop());
  const ended: string[] = [];
  const sending = (name: string, isReceived: boolean): Promise<unknown> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const destroy = (): void => {
      ended.push(name);
      resolve();
    };
    return guard.run(LIMITS, () => promise, { complete: isReceived, destroy });
  };
  const serve = (): Promise<string> => guard.run(LIMITS, async () => 'served');
  void sending('received', true);
  now = 1;
  const slow = sending('slow', false);

  now = 2000;
  await assert.rejects(serve(), REFUSED);
  now = 2001;
  assert.equal(await serve(), 'served');
  await slow;
  void sending('young', false);
  await assert.rejects(serve(), REFUSED);

  assert.deepEqual(ended, ['slow']);
});

test('Overload: one that is slow makes room for one, and the oldest goes first', async (t) => {
  let now = 0;
  const guard = createOverloadGuard(() => now);
  t.after(() => guard.stop());
  const ended: string[] = [];
  const sending = (name: string): unknown =>
    guard.run(LIMITS, () => new Promise<void>(() => {}), {
      complete: false,
      destroy: () => ended.push(name),
    });
  sending('first');
  now = 1;
  sending('second');
  now = 5000;

  const served = [1, 2, 3].map(() => guard.run(LIMITS, async () => 'served'));

  const outcomes = await Promise.allSettled(served);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected'],
  );
  assert.deepEqual(ended, ['first', 'second']);
});

test('Overload: one that is over makes no room, though its message never came to its end', async (t) => {
  let now = 0;
  const guard = createOverloadGuard(() => now);
  t.after(() => guard.stop());
  const upload = { complete: false, destroy: () => assert.fail('it is over') };
  await guard.run(LIMITS, async () => 'refused before it was read', upload);
  const gate = Promise.withResolvers<void>();
  const running = [1, 2].map(() => guard.run(LIMITS, () => gate.promise));
  now = 5000;

  await assert.rejects(
    guard.run(LIMITS, async () => 'served'),
    REFUSED,
  );

  gate.resolve();
  await Promise.all(running);
});
