import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createSmallTurns } from '#src/http/load/small-turns.ts';

const FLOOD = '192.0.2.1';

test('SmallTurns: of a flood 32 begin in each turn, and another source begins in the next one', async () => {
  const mayBegin = createSmallTurns();
  let begun = 0;
  const flood = Array.from({ length: 200 }, async () => {
    await mayBegin(FLOOD);
    begun += 1;
  });
  let otherBeganAfter = 0;
  const other = mayBegin('198.51.100.1').then(() => void (otherBeganAfter = begun));
  await Promise.resolve();
  const atOnce = begun;

  await other;

  assert.equal(atOnce, 32);
  assert.ok(otherBeganAfter <= 64, String(otherBeganAfter));
  await Promise.all(flood);
  assert.equal(begun, 200);
});

test('SmallTurns: one that comes after a flood, or alone, begins at once', async () => {
  const mayBegin = createSmallTurns();
  await Promise.all(Array.from({ length: 100 }, () => mayBegin(FLOOD)));
  await setImmediate();
  await setImmediate();

  for (let each = 0; each < 3; each += 1) {
    let hasBegun = false;
    void mayBegin(FLOOD).then(() => void (hasBegun = true));
    await Promise.resolve();
    await Promise.resolve();
    assert.ok(hasBegun);
    await setImmediate();
  }
});
