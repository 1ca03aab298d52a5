import assert from 'node:assert/strict';
import { test } from 'node:test';
import { putLast } from '#core/foreign/bounded-map.ts';

test('Bounds: beyond the most the entry goes that was put before all others, and not one that was put again since', () => {
  const map = new Map<string, number>();

  for (const [index, name] of ['first', 'second', 'first', 'third'].entries())
    putLast(map, [name, index], 2);

  assert.deepEqual(
    [...map],
    [
      ['first', 2],
      ['third', 3],
    ],
  );
});
