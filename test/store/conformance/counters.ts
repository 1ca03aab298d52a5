// Store conformance: counters.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Store } from '#core/ports.ts';
import {
  aKey,
  CONTENDERS,
  isBug,
  LONG,
  PAST_SHORT,
  race,
  SHORT,
  type StoreUnderTest,
} from './under-test.ts';

export function counters(underTest: () => StoreUnderTest): void {
  describe('increment', () => {
    let store: Store;
    before(() => {
      [store] = underTest().stores;
    });

    it('adds up from nothing and returns the sum', async () => {
      const key = aKey('counter');

      assert.equal(await store.increment(key, 1, LONG), 1);
      assert.equal(await store.increment(key, 5, LONG), 6);
      assert.equal(await store.increment(key, 0, LONG), 6);
      assert.equal(await store.increment(key, -2, LONG), 4);
    });

    for (const stateClass of ['counter', 'tally'] as const)
      it(`loses none of 50 increments of a ${stateClass} at once`, async () => {
        const key = aKey(stateClass);

        const sums = await race(underTest(), (contender) => contender.increment(key, 1, LONG));

        const expected = Array.from({ length: CONTENDERS }, (_, index) => index + 1);
        assert.deepEqual(
          sums.toSorted((left, right) => left - right),
          expected,
        );
      });

    it('ends its window by the first use, whatever later uses say, and then starts anew', async () => {
      const key = aKey('counter');
      await store.increment(key, 1, SHORT);
      await store.increment(key, 1, LONG);

      await underTest().advance(PAST_SHORT);

      assert.equal(await store.increment(key, 1, LONG), 1);
    });

    it('starts no window for who only asks', async () => {
      const key = aKey('counter');
      assert.equal(await store.increment(key, 0, LONG), 0);
      await store.increment(key, 1, SHORT);

      await underTest().advance(PAST_SHORT);

      assert.equal(await store.increment(key, 0, LONG), 0);
    });

    it('does not shorten its window by a later use', async () => {
      const key = aKey('counter');
      await store.increment(key, 1, LONG);
      await store.increment(key, 1, SHORT);

      await underTest().advance(PAST_SHORT);

      assert.equal(await store.increment(key, 1, SHORT), 3);
    });

    it('refuses to count what is no whole number', async () => {
      await assert.rejects(store.increment(aKey('counter'), 0.5, LONG), isBug);
      await assert.rejects(store.increment(aKey('counter'), Number.NaN, LONG), isBug);
    });
  });
}
