// Store conformance: tombstones.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Store } from '#core/ports.ts';
import { aKey, LONG, PAST_SHORT, SHORT, type StoreUnderTest } from './under-test.ts';

export function tombstones(underTest: () => StoreUnderTest): void {
  describe('revoke', () => {
    let store: Store;
    before(() => {
      [store] = underTest().stores;
    });

    it('makes every key of the group a tombstone, and no other', async () => {
      const group = [aKey('revoked'), aKey('revoked'), aKey('revoked')];

      await store.revoke(group, LONG);

      for (const key of group) assert.equal(await store.isRevoked([key]), true);
      assert.equal(await store.isRevoked([aKey('revoked')]), false);
    });

    it('finds one tombstone among many keys, wherever it stands', async () => {
      const keys = Array.from({ length: 40 }, () => aKey('revoked'));
      assert.equal(await store.isRevoked(keys), false);
      for (const [index, key] of [...keys.entries()].filter(([at]) => at % 13 === 0)) {
        const revoked = aKey('revoked');
        await store.revoke([revoked], LONG);

        assert.equal(await store.isRevoked(keys.with(index, revoked)), true, key.parts[0]);
      }
    });

    it('has nothing to say about no keys', async () => {
      await store.revoke([], LONG);

      assert.equal(await store.isRevoked([]), false);
    });

    it('never shortens a tombstone that stands', async () => {
      const key = aKey('revoked');
      await store.revoke([key], LONG);
      await store.revoke([key], SHORT);

      await underTest().advance(PAST_SHORT);

      assert.equal(await store.isRevoked([key]), true);
    });

    it('lengthens a tombstone, and ends with its lifetime', async () => {
      const lengthened = aKey('revoked');
      const short = aKey('revoked');
      await store.revoke([lengthened, short], SHORT);
      await store.revoke([lengthened], LONG);

      await underTest().advance(PAST_SHORT);

      assert.equal(await store.isRevoked([lengthened]), true);
      assert.equal(await store.isRevoked([short]), false);
    });

    it('is seen by every store of the dataset as soon as it returns', async () => {
      for (const writer of underTest().stores) {
        const key = aKey('revoked');
        await writer.revoke([key], LONG);

        for (const reader of underTest().stores) assert.equal(await reader.isRevoked([key]), true);
      }
    });
  });
}
