// Store conformance: health and closing.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Store } from '#core/ports.ts';
import { aKey, isUnavailable, LONG, type StoreUnderTest } from './under-test.ts';

const EVERYTHING: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  putOnce: (store) => store.putOnce(aKey('once'), 'a', LONG),
  revoke: (store) => store.revoke([aKey('revoked')], LONG),
  isRevoked: (store) => store.isRevoked([aKey('revoked')]),
  rotate: (store) => store.rotate(aKey('rotation'), { from: '', to: 'one' }, LONG),
  get: (store) => store.get(aKey('grant')),
  set: (store) => store.set(aKey('grant'), 'value', LONG),
  increment: (store) => store.increment(aKey('counter'), 1, LONG),
  health: (store) => store.health(),
};

/** Opens a dataset of its own, as it closes it. */
export function healthAndClose(open: () => Promise<StoreUnderTest>): void {
  describe('health and close', () => {
    it('names the same dataset in every store of it, each time', async () => {
      const opened = await open();
      const { stores } = opened;

      const answers = await Promise.all([...stores, ...stores].map((store) => store.health()));

      assert.equal(new Set(answers.map(({ datasetId }) => datasetId)).size, 1);
      assert.notEqual(answers[0]?.datasetId, '');
      for (const { roundTripMilliseconds } of answers) assert.ok(roundTripMilliseconds >= 0);
      await opened.dispose();
    });

    it('completes what was called before close', async () => {
      const opened = await open();
      const [store] = opened.stores;

      const marked = store.putOnce(aKey('once'), 'first', LONG);
      const closed = store.close();

      assert.deepEqual(await marked, { stored: true });
      await closed;
      await opened.dispose();
    });

    for (const [name, run] of Object.entries(EVERYTHING)) {
      it(`answers ${name} with dependency-unavailable once it is closed`, async () => {
        const opened = await open();
        const [store] = opened.stores;
        await store.close();

        await assert.rejects(run(store), isUnavailable);
        await opened.dispose();
      });
    }

    it('can be closed twice', async () => {
      const opened = await open();
      const [store] = opened.stores;

      await Promise.all([store.close(), store.close()]);

      await assert.doesNotReject(store.close());
      await opened.dispose();
    });
  });
}
