// Store conformance: rotation.
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

export function rotation(underTest: () => StoreUnderTest): void {
  describe('rotate', () => {
    let store: Store;
    before(() => {
      [store] = underTest().stores;
    });

    it('begins with the empty generation and steps from the current one', async () => {
      const family = aKey('rotation');

      assert.equal(await store.rotate(family, { from: '', to: 'one' }, LONG), 'rotated');
      assert.equal(await store.rotate(family, { from: 'one', to: 'two' }, LONG), 'rotated');
      assert.equal(await store.rotate(family, { from: 'two', to: 'three' }, LONG), 'rotated');
    });

    it('recognises the last step when it is repeated, the first one too', async () => {
      const family = aKey('rotation');
      await store.rotate(family, { from: '', to: 'one' }, LONG);

      assert.equal(await store.rotate(family, { from: '', to: 'one' }, LONG), 'repeated');
      await store.rotate(family, { from: 'one', to: 'two' }, LONG);
      assert.equal(await store.rotate(family, { from: 'one', to: 'two' }, LONG), 'repeated');
      assert.equal(await store.rotate(family, { from: 'two', to: 'three' }, LONG), 'rotated');
    });

    it('meets a conflict on an old generation, an unknown one, and an old step', async () => {
      const family = aKey('rotation');
      await store.rotate(family, { from: '', to: 'one' }, LONG);
      await store.rotate(family, { from: 'one', to: 'two' }, LONG);
      await store.rotate(family, { from: 'two', to: 'three' }, LONG);

      assert.equal(await store.rotate(family, { from: 'one', to: 'other' }, LONG), 'conflict');
      assert.equal(await store.rotate(family, { from: 'two', to: 'other' }, LONG), 'conflict');
      assert.equal(await store.rotate(family, { from: 'one', to: 'two' }, LONG), 'conflict');
      assert.equal(await store.rotate(family, { from: 'unknown', to: 'other' }, LONG), 'conflict');
      assert.equal(await store.rotate(family, { from: 'unknown', to: 'three' }, LONG), 'conflict');
      assert.equal(await store.rotate(family, { from: '', to: 'other' }, LONG), 'conflict');
      assert.equal(await store.rotate(family, { from: 'three', to: 'four' }, LONG), 'rotated');
    });

    it('meets a conflict on a family that is not there or has ended', async () => {
      const ended = aKey('rotation');
      await store.rotate(ended, { from: '', to: 'one' }, SHORT);
      await underTest().advance(PAST_SHORT);

      assert.equal(
        await store.rotate(aKey('rotation'), { from: 'one', to: 'two' }, LONG),
        'conflict',
      );
      assert.equal(await store.rotate(ended, { from: 'one', to: 'two' }, LONG), 'conflict');
      assert.equal(await store.rotate(ended, { from: '', to: 'anew' }, LONG), 'rotated');
    });

    it('never shortens the life of a family', async () => {
      const family = aKey('rotation');
      await store.rotate(family, { from: '', to: 'one' }, LONG);
      await store.rotate(family, { from: 'one', to: 'two' }, SHORT);

      await underTest().advance(PAST_SHORT);

      assert.equal(await store.rotate(family, { from: 'two', to: 'three' }, LONG), 'rotated');
    });

    it('lets exactly one of 50 different steps from one generation win', async () => {
      const family = aKey('rotation');
      await store.rotate(family, { from: '', to: 'one' }, LONG);

      const results = await race(underTest(), (contender, attempt) =>
        contender.rotate(family, { from: 'one', to: attempt }, LONG),
      );

      assert.equal(results.filter((result) => result === 'rotated').length, 1);
      assert.equal(results.filter((result) => result === 'conflict').length, CONTENDERS - 1);
    });

    it('takes one of 50 equal steps and recognises the others', async () => {
      const family = aKey('rotation');
      await store.rotate(family, { from: '', to: 'one' }, LONG);

      const results = await race(underTest(), (contender) =>
        contender.rotate(family, { from: 'one', to: 'two' }, LONG),
      );

      assert.equal(results.filter((result) => result === 'rotated').length, 1);
      assert.equal(results.filter((result) => result === 'repeated').length, CONTENDERS - 1);
    });

    it('refuses a step that leads nowhere', async () => {
      const family = aKey('rotation');

      await assert.rejects(store.rotate(family, { from: 'one', to: 'one' }, LONG), isBug);
      await assert.rejects(store.rotate(family, { from: 'one', to: '' }, LONG), isBug);
    });
  });
}
