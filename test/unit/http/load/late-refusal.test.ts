import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createLateRefusal } from '#src/http/load/late-refusal.ts';

/** How many of them are over. */
function countOf(waits: readonly Promise<void>[]): () => Promise<number> {
  let over = 0;
  for (const wait of waits) void wait.then(() => (over += 1));
  return async () => {
    await turn();
    return over;
  };
}

test('Row 32: a refusal waits, 400 to 800 ms, and then goes', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const late = createLateRefusal();
  const over = countOf([late.hold(), late.hold()]);

  t.mock.timers.tick(399);
  assert.equal(await over(), 0);
  t.mock.timers.tick(401);
  assert.equal(await over(), 2);
});

test('Row 32: what is beyond the bound is answered at once, until there is place again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const late = createLateRefusal();
  const over = countOf(Array.from({ length: 300 }, () => late.hold()));

  assert.equal(await over(), 44);
  t.mock.timers.tick(800);
  assert.equal(await over(), 300);

  assert.equal(await countOf([late.hold()])(), 0);
});
