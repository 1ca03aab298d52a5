import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ExchangeFailure } from '#core/failure.ts';
import { Deadline } from '#src/store/redis/deadline.ts';
import type { Call } from '#src/store/redis/drivers/redis-driver.ts';

const isUnavailable = (cause: unknown): boolean =>
  cause instanceof ExchangeFailure && cause.reason === 'dependency-unavailable';

const never = () => new Promise<never>(() => {});

describe('Deadline', () => {
  it('gives back what the call gives, and its own error', async () => {
    const deadline = new Deadline({ deadlineMilliseconds: 1000, maxCalls: 10 });
    const broken = new Error('broken');

    assert.equal(await deadline.run(async () => 'reply'), 'reply');
    await assert.rejects(
      deadline.run(() => Promise.reject(broken)),
      (cause) => cause === broken,
    );
  });

  it('refuses a call that is not answered in time, and tells it that it is over', async () => {
    const deadline = new Deadline({ deadlineMilliseconds: 30, maxCalls: 10 });
    const calls: Call[] = [];

    await assert.rejects(
      deadline.run((call) => {
        calls.push(call);
        assert.equal(call.isOver, false);
        return never();
      }),
      isUnavailable,
    );

    assert.equal(calls[0]?.isOver, true);
  });

  it('refuses soon after a busy process looks up what was not answered in time', async () => {
    const deadline = new Deadline({ deadlineMilliseconds: 100, maxCalls: 10 });
    const outcomes: string[] = [];
    const silent = deadline.run(never).catch(() => outcomes.push('refused'));
    const until = performance.now() + 200;
    while (performance.now() < until);

    const later = new Promise((resolve) => setTimeout(resolve, 60));
    await Promise.race([silent, later.then(() => outcomes.push('too late'))]);

    assert.deepEqual(outcomes, ['refused']);
  });

  it('takes an answer that came in time to a process that was too busy to read it', async () => {
    const deadline = new Deadline({ deadlineMilliseconds: 100, maxCalls: 10 });
    // Where immediates are run: timers come next.
    await new Promise((resolve) => setImmediate(resolve));
    const answer = deadline.run(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return 'reply';
    });
    const until = performance.now() + 200;
    while (performance.now() < until);

    assert.equal(await answer, 'reply');
  });

  it('refuses at once what would be one call too many, and takes the next when one has ended', async () => {
    const deadline = new Deadline({ deadlineMilliseconds: 5000, maxCalls: 2 });
    const first = Promise.withResolvers<string>();
    const held = [deadline.run(() => first.promise), deadline.run(() => first.promise)];

    await assert.rejects(
      deadline.run(async () => 'too many'),
      isUnavailable,
    );

    first.resolve('done');
    await Promise.all(held);
    assert.equal(await deadline.run(async () => 'again'), 'again');
  });

  it('is idle when every call has ended, by an answer or by its deadline', async () => {
    const deadline = new Deadline({ deadlineMilliseconds: 60, maxCalls: 10 });
    const outcomes: string[] = [];
    const answered = deadline.run(async () => outcomes.push('answered'));
    const silent = deadline.run(never).catch(() => outcomes.push('refused'));

    await Promise.all([answered, silent, deadline.idle()]);

    assert.deepEqual(outcomes, ['answered', 'refused']);
    await deadline.idle();
  });
});
