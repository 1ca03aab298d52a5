// Requests of one turn of the event loop begin together.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createEndOfTurn } from '#src/http/load/end-of-turn.ts';

test('Turn: who asks within one turn goes on step by step with the others, in the order of asking', async () => {
  const endOfTurn = createEndOfTurn();
  const steps: string[] = [];
  const request = async (name: string): Promise<void> => {
    await endOfTurn();
    steps.push(`${name}1`);
    await Promise.resolve();
    steps.push(`${name}2`);
  };

  const all = Promise.all([request('a'), request('b'), request('c')]);
  assert.deepEqual(steps, []);
  await all;

  assert.deepEqual(steps, ['a1', 'b1', 'c1', 'a2', 'b2', 'c2']);
});

test('Turn: who asks after a release waits for the next one', async () => {
  const endOfTurn = createEndOfTurn();
  const steps: string[] = [];
  await endOfTurn();

  const second = endOfTurn().then(() => steps.push('second'));
  await Promise.resolve();
  assert.deepEqual(steps, []);
  await nextTurn();
  await second;

  assert.deepEqual(steps, ['second']);
});

test('Turn: of thousands that ask within one, 128 at a time begin before it is over: each keeps what it brings', async () => {
  const endOfTurn = createEndOfTurn();
  let begun = 0;
  const all = Array.from({ length: 300 }, () => endOfTurn().then(() => void (begun += 1)));

  await Promise.resolve();
  await Promise.resolve();
  const before = begun;
  await nextTurn();
  await Promise.all(all);

  assert.deepEqual([before, begun], [256, 300]);
});
