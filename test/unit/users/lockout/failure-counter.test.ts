import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFailureCounter } from '#src/users/lockout/failure-counter.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { fakeStore } from '#test/support/store/fake-store.ts';

test('Counters away: what this process knows of a name is not lost to names that never failed', async () => {
  const clock = fakeClock();
  const store = fakeStore(clock);
  const parts = { clock, store, windowSeconds: 300, subject: 'login-name' };
  const counter = createFailureCounter({ ...parts, onFailure: () => undefined });
  await counter.add('alice');
  for (let name = 0; name < 10_000; name++) await counter.count(`name-${name}`);

  store.breakOn('increment:counter');

  assert.equal(await counter.count('alice'), 1);
});
