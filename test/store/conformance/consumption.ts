// Store conformance: consumption.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Store } from '#core/ports.ts';
import {
  aKey,
  CONTENDERS,
  LONG,
  PAST_SHORT,
  race,
  SHORT,
  type StoreUnderTest,
} from './under-test.ts';

export function consumption(underTest: () => StoreUnderTest): void {
  describe('consume', () => {
    let store: Store;
    before(() => {
      [store] = underTest().stores;
    });

    it('gives the value to the first attempt and the winner to every other', async () => {
      const key = aKey('grant');
      await store.set(key, 'code', LONG);

      const first = await store.consume(key, 'first');
      const second = await store.consume(key, 'second');

      assert.deepEqual(first, { outcome: 'consumed', value: 'code' });
      const refused = { outcome: 'already-consumed', attempt: 'first', value: 'code' };
      assert.deepEqual(second, refused);
    });

    it('lets a repeated attempt recognise itself', async () => {
      const key = aKey('grant');
      await store.set(key, 'code', LONG);
      await store.consume(key, 'mine');

      const repeated = await store.consume(key, 'mine');

      const recognised = { outcome: 'already-consumed', attempt: 'mine', value: 'code' };
      assert.deepEqual(repeated, recognised);
    });

    it('lets exactly one of 50 attempts win, and all others know which', async () => {
      const key = aKey('grant');
      await store.set(key, 'code', LONG);

      const results = await race(underTest(), async (contender, attempt) => ({
        attempt,
        result: await contender.consume(key, attempt),
      }));

      const winners = results.filter(({ result }) => result.outcome === 'consumed');
      assert.equal(winners.length, 1);
      const named = results.flatMap(({ result }) =>
        result.outcome === 'already-consumed' ? [result.attempt] : [],
      );
      assert.equal(named.length, CONTENDERS - 1);
      assert.deepEqual(new Set(named), new Set([winners[0]?.attempt]));
    });

    it('finds nothing that was never set, was removed or has ended', async () => {
      const removed = aKey('grant');
      const ended = aKey('grant');
      await store.set(removed, 'code', LONG);
      await store.remove(removed);
      await store.set(ended, 'code', SHORT);
      await underTest().advance(PAST_SHORT);

      const missing = { outcome: 'missing' };
      assert.deepEqual(await store.consume(aKey('grant'), 'a'), missing);
      assert.deepEqual(await store.consume(removed, 'a'), missing);
      assert.deepEqual(await store.consume(ended, 'a'), missing);
    });

    it('does not lengthen or shorten the life of what it consumes', async () => {
      const short = aKey('grant');
      const long = aKey('grant');
      await store.set(short, 'code', SHORT);
      await store.set(long, 'code', LONG);
      await store.consume(short, 'a');
      await store.consume(long, 'a');

      await underTest().advance(PAST_SHORT);

      assert.equal(await store.get(short), undefined);
      assert.equal(await store.get(long), 'code');
    });

    it('stays consumed when a late save writes over the value', async () => {
      const key = aKey('grant');
      await store.set(key, 'code', LONG);
      await store.consume(key, 'first');

      await store.set(key, 'saved late', LONG);

      const refused = { outcome: 'already-consumed', attempt: 'first', value: 'saved late' };
      assert.deepEqual(await store.consume(key, 'second'), refused);
    });

    it('starts anew with a value that is set after the consumed one has ended', async () => {
      const key = aKey('grant');
      await store.set(key, 'old', SHORT);
      await store.consume(key, 'first');
      await underTest().advance(PAST_SHORT);

      await store.set(key, 'new', LONG);

      assert.deepEqual(await store.consume(key, 'second'), { outcome: 'consumed', value: 'new' });
    });
  });
}
