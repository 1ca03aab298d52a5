import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ExchangeFailure } from '#core/failure.ts';
import { DeadlineWheel } from '#src/store/redis/deadline-wheel.ts';
import type { Call } from '#src/store/redis/drivers/redis-driver.ts';

const isUnavailable = (cause: unknown): boolean =>
  cause instanceof ExchangeFailure && cause.reason === 'dependency-unavailable';

const never = () => new Promise<never>(() => {});

describe('DeadlineWheel', () => {
  it('gives back what the call gives, and its own error', async () => {
    const wheel = new DeadlineWheel({ deadlineMilliseconds: 1000, maxCalls: 10 });
    const broken = new Error('broken');

    assert.equal(await wheel.run(async () => 'reply'), 'reply');
    await assert.rejects(
      wheel.run(() => Promise.reject(broken)),
      (cause) => cause === broken,
    );
  });

  it('refuses a call that is not answered in time, and tells it that it is over', async () => {
    const wheel = new DeadlineWheel({ deadlineMilliseconds: 30, maxCalls: 10 });
    const calls: Call[] = [];

    await assert.rejects(
      wheel.run((call) => {
        calls.push(call);
        assert.equal(call.isOver, false);
        return never();
      }),
      isUnavailable,
    );

    assert.equal(calls[0]?.isOver, true);
  });

  it('counts the time that has gone by, not the ticks that a busy process came to', async () => {
    const wheel = new DeadlineWheel({ deadlineMilliseconds: 100, maxCalls: 10 });
    const outcomes: string[] = [];
    const silent = wheel.run(never).catch(() => outcomes.push('refused'));
    const until = performance.now() + 200;
    while (performance.now() < until);

    // One tick is enough now; one for each 25 ms would come after this timer.
    const later = new Promise((resolve) => setTimeout(resolve, 60));
    await Promise.race([silent, later.then(() => outcomes.push('too late'))]);

    assert.deepEqual(outcomes, ['refused']);
  });

  it('takes an answer that came in time to a process that was too busy to read it', async () => {
    const wheel = new DeadlineWheel({ deadlineMilliseconds: 100, maxCalls: 10 });
    const answer = wheel.run(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return 'reply';
    });
    const until = performance.now() + 200;
    while (performance.now() < until);

    assert.equal(await answer, 'reply');
  });

  it('refuses at once what would be one call too many, and takes the next when one has ended', async () => {
    const wheel = new DeadlineWheel({ deadlineMilliseconds: 5000, maxCalls: 2 });
    const first = Promise.withResolvers<string>();
    const held = [wheel.run(() => first.promise), wheel.run(() => first.promise)];

    await assert.rejects(
      wheel.run(async () => 'too many'),
      isUnavailable,
    );

    first.resolve('done');
    await Promise.all(held);
    assert.equal(await wheel.run(async () => 'again'), 'again');
  });

  it('is idle when every call has ended, by an answer or by its deadline', async () => {
    const wheel = new DeadlineWheel({ deadlineMilliseconds: 60, maxCalls: 10 });
    const outcomes: string[] = [];
    const answered = wheel.run(async () => outcomes.push('answered'));
    const silent = wheel.run(never).catch(() => outcomes.push('refused'));

    await Promise.all([answered, silent, wheel.idle()]);

    assert.deepEqual(outcomes, ['answered', 'refused']);
    await wheel.idle();
  });
});
