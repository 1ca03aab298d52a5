// Store conformance: keys and classes. Ids are chosen by other parties: none may reach the value of another.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, it } from 'node:test';
import type { StateClass, Store, StoreKey } from '#core/ports.ts';
import { aKey, CLASSES, isBug, LONG, type StoreUnderTest } from './under-test.ts';

type Operation = (store: Store, key: StoreKey) => Promise<unknown>;

interface OperationCase {
  readonly run: Operation;
  readonly openTo: readonly StateClass[];
}

const OPERATIONS: Readonly<Record<string, OperationCase>> = {
  putOnce: { run: (store, key) => store.putOnce(key, 'a', LONG), openTo: ['once'] },
  isMarked: { run: (store, key) => store.isMarked(key), openTo: ['once'] },
  revoke: { run: (store, key) => store.revoke([key], LONG), openTo: ['revoked'] },
  isRevoked: { run: (store, key) => store.isRevoked([key]), openTo: ['revoked'] },
  rotate: {
    run: (store, key) => store.rotate(key, { from: '', to: 'one' }, LONG),
    openTo: ['rotation'],
  },
  get: { run: (store, key) => store.get(key), openTo: ['ledger', 'grant'] },
  set: { run: (store, key) => store.set(key, 'v', LONG), openTo: ['ledger', 'grant'] },
  setUnlessRevoked: {
    run: (store, key) => store.setUnlessRevoked({ key, value: 'v', lifetimeSeconds: LONG }, []),
    openTo: ['ledger'],
  },
  increment: { run: (store, key) => store.increment(key, 1, LONG), openTo: ['counter', 'tally'] },
  fillBuckets: {
    run: (store, key) => store.fillBuckets([{ key, milliseconds: 1000, mostMilliseconds: 60_000 }]),
    openTo: ['bucket'],
  },
};

/** Lists of parts that one separator, or a careless encoding, would make one. */
function lookalikes(): readonly (readonly string[])[] {
  const id = randomUUID();
  return [
    [id, 'a', 'b'],
    [id, 'ab'],
    [id, 'a\0b'],
    [id, 'a', '', 'b'],
    [id, 'a\0', 'b'],
    [id, 'a', '\0b'],
    [id, '', 'a', 'b'],
    [id, 'a', 'b', ''],
    [id, '1:a\x001:b'],
    [`${id}\0a`, 'b'],
    [id, 'A', 'b'],
    [id, ' a', 'b'],
    [id, '\u00e9'],
    [id, 'e\u0301'],
    [id, '\ud800'],
    [id, '\ud801'],
    [id, '\ufffd'],
  ];
}

export function keysAndClasses(underTest: () => StoreUnderTest): void {
  describe('keys and classes', () => {
    let store: Store;
    before(() => {
      [store] = underTest().stores;
    });

    it('never takes parts that look alike for the same mark', async () => {
      for (const parts of lookalikes()) {
        const result = await store.putOnce({ class: 'once', parts }, 'first', LONG);

        assert.deepEqual(result, { stored: true }, JSON.stringify(parts));
      }
    });

    it('never takes parts that look alike for the same value', async () => {
      const all = lookalikes();
      for (const [index, parts] of all.entries()) {
        await store.set({ class: 'grant', parts }, `value ${index}`, LONG);
      }

      for (const [index, parts] of all.entries()) {
        assert.equal(await store.get({ class: 'grant', parts }), `value ${index}`);
      }
    });

    it('keeps classes apart that have the same parts', async () => {
      const parts = [randomUUID()];
      await store.set({ class: 'grant', parts }, 'a grant', LONG);
      await store.set({ class: 'ledger', parts }, 'an entry', LONG);
      await store.revoke([{ class: 'revoked', parts }], LONG);

      assert.equal(await store.get({ class: 'grant', parts }), 'a grant');
      assert.equal(await store.get({ class: 'ledger', parts }), 'an entry');
      assert.equal(await store.isRevoked([{ class: 'revoked', parts }]), true);
      assert.deepEqual(await store.putOnce({ class: 'once', parts }, 'a', LONG), { stored: true });
    });

    it('R22, CVE-2026-4325: no operation of any other class takes a one-time mark away', async () => {
      const parts = [randomUUID()];
      await store.putOnce({ class: 'once', parts }, 'first', LONG);

      await assert.rejects(store.set({ class: 'once', parts }, 'over it', LONG), isBug);
      await store.set({ class: 'grant', parts }, 'over it', LONG);
      const again = await store.putOnce({ class: 'once', parts }, 'second', LONG);

      assert.equal(again.stored, false);
    });

    it('finds by its tag what was written with it', async () => {
      const parts = [randomUUID()];
      await store.set({ class: 'grant', parts, tag: 'one' }, 'tagged', LONG);

      assert.equal(await store.get({ class: 'grant', parts, tag: 'one' }), 'tagged');
    });

    for (const [name, { run, openTo }] of Object.entries(OPERATIONS)) {
      it(`opens ${name} to ${openTo.join(', ')} and to no other class`, async () => {
        for (const stateClass of CLASSES) {
          const operation = run(store, aKey(stateClass));

          if (openTo.includes(stateClass)) await assert.doesNotReject(operation);
          else await assert.rejects(operation, isBug, `${name} of class ${stateClass}`);
        }
      });
    }

    it('writes no tombstone when one key of the group is not open to it', async () => {
      const good = aKey('revoked');

      await assert.rejects(store.revoke([good, aKey('grant')], LONG), isBug);

      assert.equal(await store.isRevoked([good]), false);
    });
  });
}
