// Store conformance: leaky buckets. An adapter may keep time by its own clock, so levels are held within what can pass meanwhile.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Store, StoreKey } from '#core/ports.ts';
import { aKey, CONTENDERS, isBug, PAST_SHORT, race, type StoreUnderTest } from './under-test.ts';

const MOST = 600_000;
/** What may run out of a bucket while a test looks at it. */
const MEANWHILE = 5000;

const fill = (key: StoreKey, milliseconds: number, mostMilliseconds = MOST) => [
  { key, milliseconds, mostMilliseconds },
];

function assertLevel(actual: number | undefined, expected: number): void {
  assert.ok(actual !== undefined && actual <= expected, `${actual} is above ${expected}`);
  assert.ok(actual > expected - MEANWHILE, `${actual} is far below ${expected}`);
}

export function buckets(underTest: () => StoreUnderTest): void {
  describe('fillBuckets', () => {
    let store: Store;
    before(() => {
      [store] = underTest().stores;
    });

    it('fills from nothing and returns the level', async () => {
      const key = aKey('bucket');

      assertLevel((await store.fillBuckets(fill(key, 60_000)))[0], 60_000);
      assertLevel((await store.fillBuckets(fill(key, 60_000)))[0], 120_000);
      assertLevel((await store.fillBuckets(fill(key, 0)))[0], 120_000);
    });

    it('fills by what is no whole number of seconds', async () => {
      const key = aKey('bucket');

      assertLevel((await store.fillBuckets(fill(key, 60_001)))[0], 60_001);
      assertLevel((await store.fillBuckets(fill(key, 333)))[0], 60_334);
    });

    it('answers for each bucket, in order', async () => {
      const [one, other] = [aKey('bucket'), aKey('bucket')];
      await store.fillBuckets(fill(one, 90_000));

      const levels = await store.fillBuckets([...fill(other, 30_000), ...fill(one, 10_000)]);

      assert.equal(levels.length, 2);
      assertLevel(levels[0], 30_000);
      assertLevel(levels[1], 100_000);
    });

    it('answers nothing for no bucket', async () => {
      assert.deepEqual(await store.fillBuckets([]), []);
    });

    it('never fills above the most', async () => {
      const key = aKey('bucket');

      assertLevel((await store.fillBuckets(fill(key, 90_000, 50_000)))[0], 50_000);
      assertLevel((await store.fillBuckets(fill(key, 90_000, 50_000)))[0], 50_000);
    });

    it('runs out by a millisecond each millisecond', async () => {
      const key = aKey('bucket');
      await store.fillBuckets(fill(key, 60_000));

      await underTest().advance(PAST_SHORT);

      const [level = 0] = await store.fillBuckets(fill(key, 0));
      assertLevel(level, 60_000 - PAST_SHORT * 1000);
    });

    it('is empty, and no more than that, when its time has passed', async () => {
      const key = aKey('bucket');
      await store.fillBuckets(fill(key, 1000));

      await underTest().advance(PAST_SHORT);

      assert.deepEqual(await store.fillBuckets(fill(key, 0)), [0]);
      assertLevel((await store.fillBuckets(fill(key, 60_000)))[0], 60_000);
    });

    it('loses none of 50 fills at once', async () => {
      const key = aKey('bucket');

      await race(underTest(), (contender) => contender.fillBuckets(fill(key, 10_000)));

      assertLevel((await store.fillBuckets(fill(key, 0)))[0], CONTENDERS * 10_000);
    });

    it('refuses amounts that are no whole number, zero or more', async () => {
      for (const milliseconds of [0.5, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
        await assert.rejects(store.fillBuckets(fill(aKey('bucket'), milliseconds)), isBug);
        await assert.rejects(store.fillBuckets(fill(aKey('bucket'), 1, milliseconds)), isBug);
      }
    });
  });
}
