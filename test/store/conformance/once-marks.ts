// Store conformance: once marks.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { FOREVER } from '#core/instant.ts';
import type { Store } from '#core/ports.ts';
import { aKey, isBug, LONG, PAST_SHORT, race, SHORT, type StoreUnderTest } from './under-test.ts';

export function onceMarks(underTest: () => StoreUnderTest): void {
  describe('putOnce', () => {
    let store: Store;
    before(() => {
      [store] = underTest().stores;
    });

    it('stores a mark the first time and names the winner every time after', async () => {
      const key = aKey('once');

      const first = await store.putOnce(key, 'first', LONG);
      const second = await store.putOnce(key, 'second', LONG);
      const third = await store.putOnce(key, 'third', LONG);

      assert.deepEqual(first, { stored: true });
      assert.deepEqual(second, { stored: false, attempt: 'first' });
      assert.deepEqual(third, { stored: false, attempt: 'first' });
    });

    it('lets a repeated attempt recognise its own mark', async () => {
      const key = aKey('once');
      await store.putOnce(key, 'mine', LONG);

      const repeated = await store.putOnce(key, 'mine', LONG);

      assert.deepEqual(repeated, { stored: false, attempt: 'mine' });
    });

    it('lets exactly one of 50 attempts win, and all others know which', async () => {
      const key = aKey('once');

      const results = await race(underTest(), async (contender, attempt) => ({
        attempt,
        result: await contender.putOnce(key, attempt, LONG),
      }));

      const winners = results.filter(({ result }) => result.stored);
      assert.equal(winners.length, 1);
      const losers = results.flatMap(({ result }) => (result.stored ? [] : [result.attempt]));
      assert.deepEqual(new Set(losers), new Set([winners[0]?.attempt]));
    });

    it('keeps a mark for its lifetime and lets exactly one of 50 replace it after', async () => {
      const key = aKey('once');
      await store.putOnce(key, 'old', SHORT);
      const within = await store.putOnce(key, 'early', LONG);

      await underTest().advance(PAST_SHORT);
      const results = await race(underTest(), (contender, attempt) =>
        contender.putOnce(key, attempt, LONG),
      );

      assert.deepEqual(within, { stored: false, attempt: 'old' });
      assert.equal(results.filter(({ stored }) => stored).length, 1);
    });

    it('does not lengthen a mark that another attempt meets', async () => {
      const key = aKey('once');
      await store.putOnce(key, 'old', SHORT);
      await store.putOnce(key, 'late', LONG);

      await underTest().advance(PAST_SHORT);

      assert.deepEqual(await store.putOnce(key, 'new', LONG), { stored: true });
    });

    it('keeps a mark of lifetime zero at least for this moment', async () => {
      const key = aKey('once');
      await store.putOnce(key, 'first', 0);

      assert.deepEqual(await store.putOnce(key, 'second', 0), { stored: false, attempt: 'first' });
    });

    it('takes a lifetime without end', async () => {
      const key = aKey('once');

      assert.deepEqual(await store.putOnce(key, 'first', FOREVER), { stored: true });
      assert.equal((await store.putOnce(key, 'second', FOREVER)).stored, false);
    });

    it('refuses a lifetime that is negative or no number, which would make a mark that nobody sees', async () => {
      await assert.rejects(store.putOnce(aKey('once'), 'first', -1), isBug);
      await assert.rejects(store.putOnce(aKey('once'), 'first', Number.NaN), isBug);
    });
  });
}
