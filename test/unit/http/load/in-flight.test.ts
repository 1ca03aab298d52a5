import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeOut } from '#src/http/load/in-flight.ts';

for (const [item, left] of [
  ['a', ['b', 'c']],
  ['b', ['a', 'c']],
  ['c', ['a', 'b']],
  ['none', ['a', 'b', 'c']],
] as const)
  test(`In flight: taking out ${item} leaves the others`, () => {
    const items = ['a', 'b', 'c'];

    takeOut(items, item);

    assert.deepEqual(items.toSorted(), left);
  });
