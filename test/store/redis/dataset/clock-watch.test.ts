// A step of the server's clock is told from one of ours: only by the first do marks end too early.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClockWatch } from '#src/store/redis/watch/clock-watch.ts';
import { fakeClock } from '#test/support/fake-clock.ts';

const STEP_SECONDS = 300;
/** What the time that a test takes may show. */
const isNear = (seconds: number, expected: number): boolean => Math.abs(seconds - expected) < 30;

/** A server whose clock is right at first, as ours is. */
function aWatch() {
  const start = Math.floor(Date.now() / 1000);
  const clock = fakeClock(start);
  const watch = new ClockWatch(clock);
  const server = { seconds: start };
  const look = () => watch.read(async () => [String(server.seconds), '0']);
  return { clock, look, server };
}

test('Row 17: a step ahead of the server is seen once, and by how much', async () => {
  const { look, server } = aWatch();
  await look();
  server.seconds += STEP_SECONDS;

  const [first, second] = [await look(), await look()];

  assert.ok(isNear(first.wentAheadSeconds, STEP_SECONDS));
  assert.ok(isNear(second.wentAheadSeconds, 0));
  for (const { aheadSeconds } of [first, second]) assert.ok(isNear(aheadSeconds, STEP_SECONDS));
});

test('Row 18: where our own clock was set back, the server went nowhere', async () => {
  const { clock, look } = aWatch();
  await look();
  clock.advance(-STEP_SECONDS);

  const { aheadSeconds, wentAheadSeconds } = await look();

  assert.ok(isNear(aheadSeconds, STEP_SECONDS));
  assert.ok(isNear(wentAheadSeconds, 0));
});

test('Row 18: what our own clock went ahead as well, as after a sleep of the machine, is no step of the server', async () => {
  const { clock, look, server } = aWatch();
  await look();
  clock.advance(STEP_SECONDS);
  server.seconds += STEP_SECONDS;

  assert.ok(isNear((await look()).wentAheadSeconds, 0));
});

test('Row 17: what the time that a reply takes may explain is no step, and nobody is ahead by it', async (t) => {
  const { clock, server } = aWatch();
  const start = performance.now();
  let passedSeconds = 0;
  t.mock.method(performance, 'now', () => start + passedSeconds * 1000);
  const pass = (seconds: number): void => {
    clock.advance(seconds);
    passedSeconds += seconds;
  };
  const watch = new ClockWatch(clock);
  // The first reply comes late though it was made at once, the second is made late.
  const late = await watch.read(async () => {
    const reply = [String(server.seconds), '0'];
    pass(4);
    return reply;
  });
  const slow = await watch.read(async () => {
    pass(4);
    return [String(server.seconds + passedSeconds), '0'];
  });

  for (const { aheadSeconds, wentAheadSeconds } of [late, slow]) {
    assert.equal(aheadSeconds, 0);
    assert.ok(wentAheadSeconds <= 0);
  }
});
