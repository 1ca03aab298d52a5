// Store conformance: stored values.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { FOREVER } from '#core/instant.ts';
import type { StateClass, Store } from '#core/ports.ts';
import { aKey, isBug, LONG, PAST_SHORT, SHORT, type StoreUnderTest } from './under-test.ts';

const VALUE_CLASSES: readonly StateClass[] = ['ledger', 'grant'];

export function storedValues(underTest: () => StoreUnderTest): void {
  describe('get and set', () => {
    let store: Store;
    before(() => {
      [store] = underTest().stores;
    });

    it('gives back what was set, in each class that holds values', async () => {
      for (const stateClass of VALUE_CLASSES) {
        const key = aKey(stateClass);
        assert.equal(await store.get(key), undefined);
        await store.set(key, `{"in":"${stateClass}"}`, LONG);

        assert.equal(await store.get(key), `{"in":"${stateClass}"}`);
      }
    });

    it('gives back any text unchanged', async () => {
      for (const text of ['', ' ', '0', 'null', 'a\0b', 'grüße 🌉 \u2028', 'x'.repeat(100_000)]) {
        const key = aKey('grant');
        await store.set(key, text, LONG);

        assert.equal(await store.get(key), text);
      }
    });

    it('replaces the value and its lifetime, to longer and to shorter', async () => {
      const longer = aKey('grant');
      const shorter = aKey('grant');
      await store.set(longer, 'old', SHORT);
      await store.set(shorter, 'old', LONG);
      await store.set(longer, 'new', LONG);
      await store.set(shorter, 'new', SHORT);
      assert.equal(await store.get(shorter), 'new');

      await underTest().advance(PAST_SHORT);

      assert.equal(await store.get(longer), 'new');
      assert.equal(await store.get(shorter), undefined);
    });

    it('keeps a value that has no end', async () => {
      const forever = aKey('grant');
      await store.set(forever, 'stays', FOREVER);

      await underTest().advance(PAST_SHORT);

      assert.equal(await store.get(forever), 'stays');
    });

    it('shows a value to every store of the dataset as soon as set returns', async () => {
      for (const writer of underTest().stores) {
        const key = aKey('ledger');
        await writer.set(key, 'seen', LONG);

        for (const reader of underTest().stores) assert.equal(await reader.get(key), 'seen');
      }
    });

    it('refuses a lifetime that is negative or no number', async () => {
      await assert.rejects(store.set(aKey('grant'), 'value', -1), isBug);
      await assert.rejects(store.set(aKey('grant'), 'value', Number.NaN), isBug);
    });
  });
}
