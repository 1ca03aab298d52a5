// Store conformance: a value that must not come into being once something it is made from is revoked.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Store, StoreKey } from '#core/ports.ts';
import { aKey, isBug, LONG, PAST_SHORT, SHORT, type StoreUnderTest } from './under-test.ts';

const anEntry = (key: StoreKey, value = 'an entry', lifetimeSeconds = LONG) => ({
  key,
  value,
  lifetimeSeconds,
});

export function lineage(underTest: () => StoreUnderTest): void {
  describe('setUnlessRevoked', () => {
    let store: Store;
    before(() => {
      [store] = underTest().stores;
    });

    it('writes the value while no tombstone stands, and for no tombstones at all', async () => {
      const key = aKey('ledger');
      const other = aKey('ledger');

      assert.equal(await store.setUnlessRevoked(anEntry(key), [aKey('revoked')]), true);
      assert.equal(await store.setUnlessRevoked(anEntry(other), []), true);

      assert.equal(await store.get(key), 'an entry');
      assert.equal(await store.get(other), 'an entry');
    });

    it('says so when one tombstone of many stands, wherever it stands', async () => {
      const tombstones = Array.from({ length: 40 }, () => aKey('revoked'));
      for (const index of [0, 17, 39]) {
        const revoked = aKey('revoked');
        await store.revoke([revoked], LONG);

        const answer = store.setUnlessRevoked(
          anEntry(aKey('ledger')),
          tombstones.with(index, revoked),
        );

        assert.equal(await answer, false, String(index));
      }
    });

    it('keeps the value for its lifetime', async () => {
      const short = aKey('ledger');
      const long = aKey('ledger');
      await store.setUnlessRevoked(anEntry(short, 'short', SHORT), []);
      await store.setUnlessRevoked(anEntry(long, 'long', LONG), []);

      await underTest().advance(PAST_SHORT);

      assert.equal(await store.get(short), undefined);
      assert.equal(await store.get(long), 'long');
    });

    it('takes a tombstone that has ended for none', async () => {
      const tombstone = aKey('revoked');
      await store.revoke([tombstone], SHORT);

      await underTest().advance(PAST_SHORT);

      assert.equal(await store.setUnlessRevoked(anEntry(aKey('ledger')), [tombstone]), true);
    });

    it('looks for tombstones only among tombstones', async () => {
      await assert.rejects(store.setUnlessRevoked(anEntry(aKey('ledger')), [aKey('grant')]), isBug);
    });

    it('sees every revocation that was acknowledged before it began, by whichever store', async () => {
      for (const writer of underTest().stores)
        for (const reader of underTest().stores) {
          const tombstone = aKey('revoked');
          await writer.revoke([tombstone], LONG);

          assert.equal(await reader.setUnlessRevoked(anEntry(aKey('ledger')), [tombstone]), false);
        }
    });

    it('misses no revocation that races with it', async () => {
      const { isSpread = false, stores } = underTest();
      for (let round = 0; round < 50; round += 1) {
        const key = aKey('ledger');
        const tombstone = aKey('revoked');
        const [writer, revoker] = [stores[0], stores[round % stores.length] ?? stores[0]];

        const [isWritten, seenAfterRevocation] = await Promise.all([
          writer.setUnlessRevoked(anEntry(key), [tombstone]),
          revoker.revoke([tombstone], LONG).then(() => revoker.get(key)),
        ]);

        // Whoever revokes and then looks for what was made finds it, or it was refused. On several servers it may come later, and then
        // as something that is revoked.
        if (isSpread) assert.equal(await writer.isRevoked([tombstone]), true, `round ${round}`);
        else assert.ok(seenAfterRevocation !== undefined || !isWritten, `round ${round}`);
      }
    });
  });
}
