// The script that rotates and the rule of the other adapters are one rule.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { RedisStore } from '#src/store/redis/redis-store.ts';
import { decideRotation, type RotationState } from '#src/store/rotation-step.ts';
import { type RedisServer, redisMissing, startRedis } from '#test/support/redis/redis-server.ts';
import { aKey, LONG } from '../conformance/under-test.ts';
import { aSetting, FIT, openUnderTest } from './redis-under-test.ts';

/** Few generations, so that steps meet; some with what the stored form uses as structure. */
const generation = fc.constantFrom('', 'a', 'b', 'c d', '1 ', 'é\n%20');
const steps = fc.array(
  fc
    .record({ from: generation, to: generation })
    .filter(({ from, to }) => to !== '' && to !== from),
  { minLength: 1, maxLength: 12 },
);

describe('Redis, rotation', { skip: redisMissing() }, () => {
  let server: RedisServer;
  let store: RedisStore;
  before(async () => {
    server = await startRedis(FIT);
    ({ store } = await openUnderTest(aSetting([server.port])));
  });
  after(async () => {
    await store.close();
    await server.dispose();
  });

  it('decides every sequence of steps as decideRotation does', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const family = aKey('rotation');
        let state: RotationState | undefined;
        for (const step of sequence) {
          const expected = decideRotation(state, step);
          if (expected === 'rotated') state = { previous: step.from, current: step.to };

          assert.equal(await store.rotate(family, step, LONG), expected);
        }
      }),
      { numRuns: 100 },
    );
  });
});
