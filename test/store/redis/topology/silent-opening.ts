// Servers that are there, and fit, are opened without a word in the log.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { RedisSettings } from '#src/store/redis/settings.ts';
import { errorsOf, noAlarms, openUnderTest } from '#test/store/redis/redis-under-test.ts';
import { eventually } from '#test/support/eventually.ts';

export function silentOpening(name: string, settings: () => RedisSettings): void {
  it(`${name}: servers that are there are opened without a complaint`, async (t) => {
    const seen = noAlarms();

    const { store } = await openUnderTest(settings(), seen);
    t.after(() => store.close());
    await eventually('the store is open', async () => (await store.health()).datasetId !== '');

    assert.deepEqual([...errorsOf(seen), ...seen.alarms], []);
  });
}
