// A write that no replica has does not count, and stays.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { RedisSettings } from '#src/store/redis/settings.ts';
import { aKey, isUnavailable, LONG, SHORT } from '#test/store/conformance/under-test.ts';
import { openUnderTest } from '#test/store/redis/redis-under-test.ts';
import { eventually } from '#test/support/eventually.ts';
import type { RedisServer } from '#test/support/redis/redis-server.ts';

/** Freezes all replicas for the time of a write. */
export function unconfirmedWrites(
  name: string,
  open: () => { settings: RedisSettings; replicas: readonly RedisServer[] },
): void {
  it(`${name}: a write that no replica has is refused, also when it is asked for again, and stays`, async (t) => {
    const { replicas, settings } = open();
    const { store } = await openUnderTest({ ...settings, waitMilliseconds: 300 });
    t.after(() => store.close());
    await eventually('the store is open', async () => (await store.health()).datasetId !== '');
    const [mark, tombstone, entry] = [aKey('once'), aKey('revoked'), aKey('ledger')];
    const [tally, grant, family] = [aKey('tally'), aKey('grant'), aKey('rotation')];
    // So that connections are open and scripts known: the outcome below is about replicas alone.
    await eventually('all connections are open', async () => {
      const writes = Array.from({ length: 32 }, () => store.revoke([aKey('revoked')], LONG));
      await Promise.all([...writes, store.putOnce(aKey('once'), 'before', LONG)]);
      await store.set(aKey('ledger'), 'before', LONG);
      return true;
    });

    for (const replica of replicas) replica.freeze();
    const refused = await Promise.allSettled([
      store.putOnce(mark, 'mine', LONG),
      store.revoke([tombstone], LONG),
      store.set(entry, 'entry', LONG),
      store.set(grant, 'grant', LONG),
      store.setUnlessRevoked({ key: aKey('ledger'), value: 'entry', lifetimeSeconds: LONG }, []),
      store.rotate(family, { from: '', to: 'one' }, LONG),
      store.increment(tally, 1, LONG),
    ]);
    // What stands by now counts no more than when it was written.
    const again = await Promise.allSettled([
      store.putOnce(mark, 'another', LONG),
      store.revoke([tombstone], SHORT),
      store.rotate(family, { from: '', to: 'one' }, LONG),
    ]);
    for (const replica of replicas) replica.resume();

    for (const outcome of [...refused, ...again])
      assert.ok(outcome.status === 'rejected' && isUnavailable(outcome.reason));
    await eventually('the replicas are back', async () => {
      const standing = await store.putOnce(mark, 'another', LONG);
      assert.deepEqual(standing, { stored: false, attempt: 'mine' });
      return true;
    });
    assert.deepEqual(await store.putOnce(mark, 'mine', LONG), { stored: false, attempt: 'mine' });
    assert.equal(await store.isRevoked([tombstone]), true);
    assert.equal(await store.increment(tally, 1, LONG), 2);
  });
}

/** Makes the masters forget their scripts, as a restart does. */
export function forgottenScripts(
  name: string,
  open: () => { settings: RedisSettings; masters: () => Promise<readonly RedisServer[]> },
): void {
  it(`${name}: a script that the server has forgotten is sent to it, and reads at once are answered`, async (t) => {
    const { masters, settings } = open();
    const { store } = await openUnderTest(settings);
    t.after(() => store.close());
    await eventually('the store is open', async () => (await store.health()).datasetId !== '');
    for (const master of await masters()) await master.command('SCRIPT', 'FLUSH');

    const keys = Array.from({ length: 100 }, () => aKey('once'));
    const put = await Promise.all(keys.map((key) => store.putOnce(key, 'mine', LONG)));
    const marked = await Promise.all(keys.map((key) => store.isMarked(key)));

    assert.ok(put.every(({ stored }) => stored));
    assert.ok(marked.every(Boolean));
  });
}
