import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ExchangeFailure } from '#core/failure.ts';
import type { BucketFill, Store } from '#core/ports.ts';
import { createBucketOutbox } from '#src/limits/bucket-outbox.ts';
import { type Counted, createRateLimiter } from '#src/limits/rate-limiter.ts';
import { MemoryStore } from '#src/store/memory/memory-store.ts';
import { fakeClock } from '#test/support/fake-clock.ts';

const GATEWAY = { kind: 'client', id: 'gateway' } as const;
const RATE = { requestsPerSecond: 1, burst: 5 };

function aLimiter({ shares = 1, clock = fakeClock(), store }: ALimiter = {}) {
  const away: boolean[] = [];
  const refused: string[] = [];
  const outbox = createBucketOutbox({
    store: store ?? new MemoryStore(clock),
    onAway: (isAway) => void away.push(isAway),
  });
  const onRefused = ({ id }: { readonly id: string }) => void refused.push(id);
  const limiter = createRateLimiter({ outbox, clock, shares, onRefused });
  /** How many of so many requests are let through. */
  const admitted = (times: number, counted: Counted = GATEWAY): number =>
    Array.from({ length: times }).filter(() => {
      try {
        limiter.admit([{ ...counted, rate: RATE }]);
        return true;
      } catch {
        return false;
      }
    }).length;
  return { clock, outbox, limiter, away, refused, admitted };
}

interface ALimiter {
  readonly shares?: number;
  readonly clock?: ReturnType<typeof fakeClock>;
  readonly store?: Pick<Store, 'fillBuckets'>;
}

test('Rate limit: lets a burst through, and then as many as the rate says', () => {
  const { admitted, clock } = aLimiter();

  assert.equal(admitted(8), 5);
  assert.equal(admitted(8), 0);
  clock.advance(2);
  assert.equal(admitted(8), 2);
  clock.advance(600);
  assert.equal(admitted(8), 5);
});

test('Rate limit: a clock that is set back keeps nobody out until it has caught up', () => {
  const { admitted, clock } = aLimiter();
  admitted(5);

  clock.advance(-3600);
  assert.equal(admitted(1), 0);
  clock.advance(10);

  assert.equal(admitted(8), 5);
});

test('Rate limit: counts each client and each kind for itself', () => {
  const { admitted } = aLimiter();
  admitted(5);

  assert.equal(admitted(1, { kind: 'client', id: 'other' }), 1);
  assert.equal(admitted(1, { kind: 'address', id: 'gateway' }), 1);
  assert.equal(admitted(1), 0);
});

test('Rate limit: of several buckets it takes from all or from none, whichever is full', () => {
  const { admitted, limiter } = aLimiter();
  const alice = { kind: 'subject', id: 'alice' } as const;
  const orders = { kind: 'relying-party', id: 'orders' } as const;
  admitted(5, alice);

  for (const demands of [
    [alice, orders],
    [orders, alice],
  ])
    for (let time = 0; time < 5; time += 1)
      assert.throws(() => limiter.admit(demands.map((counted) => ({ ...counted, rate: RATE }))));

  assert.equal(admitted(6, orders), 5);
});

test('Rate limit: however many there are of one kind, those of another are not forgotten', () => {
  const { admitted } = aLimiter();
  admitted(5);

  for (let index = 0; index < 25_000; index += 1)
    admitted(1, { kind: 'subject', id: `subject-${index}` });

  assert.equal(admitted(1), 0);
});

test('Rate limit: a refusal says when it is worth trying again', () => {
  const { admitted, limiter } = aLimiter();
  admitted(5);

  assert.throws(
    () => limiter.admit([{ ...GATEWAY, rate: RATE }]),
    (cause) =>
      cause instanceof ExchangeFailure &&
      cause.reason === 'rate-limited' &&
      cause.retryAfterSeconds === 1,
  );
});

test('Rate limit: one refusal a minute is told, however many there are', () => {
  const { admitted, clock, refused } = aLimiter();

  admitted(50);
  assert.deepEqual(refused, ['gateway']);
  clock.advance(60);
  admitted(50);

  assert.deepEqual(refused, ['gateway', 'gateway']);
});

test('Rate limit: two processes over one store know of each other once the store has told them', async () => {
  const clock = fakeClock();
  const store = new MemoryStore(clock);
  const [one, other] = [aLimiter({ clock, store }), aLimiter({ clock, store })];
  assert.equal(one.admitted(3), 3);
  await one.outbox.deliver();
  assert.equal(other.admitted(1), 1);
  await other.outbox.deliver();

  assert.equal(other.admitted(5), 1);
  await other.outbox.deliver();
  clock.advance(1);

  assert.equal(one.admitted(1), 1);
  await one.outbox.deliver();
  assert.equal(one.admitted(1), 0);
});

test('Rate limit: what processes let through together beyond a burst is paid back', async () => {
  const clock = fakeClock();
  const store = new MemoryStore(clock);
  const [one, other] = [aLimiter({ clock, store }), aLimiter({ clock, store })];
  assert.equal(one.admitted(5) + other.admitted(5), 10);
  await one.outbox.deliver();
  await other.outbox.deliver();

  clock.advance(5);

  assert.equal(other.admitted(1), 0);
  clock.advance(1);
  assert.equal(other.admitted(1), 1);
});

test('Rate limit: while the store is away each process allows its share, and says so', async () => {
  let isAway = true;
  const clock = fakeClock();
  const shared = new MemoryStore(clock);
  const store = {
    async fillBuckets(fills: readonly BucketFill[]) {
      if (isAway) throw new Error('the store is away');
      return shared.fillBuckets(fills);
    },
  };
  const { admitted, away, outbox } = aLimiter({ clock, store, shares: 5 });
  admitted(1);
  await outbox.deliver();
  clock.advance(600);

  assert.equal(admitted(5), 1);
  assert.deepEqual(away, [true]);
  isAway = false;
  await outbox.deliver();
  clock.advance(600);

  assert.deepEqual(away, [true, false]);
  assert.equal(admitted(8), 5);
});

test('Rate limit: however many ask while the store is away, what is kept for it is bounded; the last of them is told', async () => {
  let isAway = true;
  let told: readonly BucketFill[] = [];
  const store = {
    async fillBuckets(fills: readonly BucketFill[]) {
      if (isAway) throw new Error('the store is away');
      told = [...told, ...fills];
      return fills.map(() => 0);
    },
  };
  const { admitted, outbox } = aLimiter({ store });
  for (let index = 0; index < 60_000; index += 1)
    admitted(1, { kind: 'address', id: `source-${index}` });
  await outbox.deliver();

  isAway = false;
  for (let sent = -1; sent < told.length; ) {
    sent = told.length;
    await outbox.deliver();
  }

  assert.ok(told.length > 40_000 && told.length < 51_000, String(told.length));
  assert.ok(told.some(({ key }) => key.parts[1] === 'source-59999'));
});

test('Rate limit: many requests are one call of the store', async () => {
  const calls: (readonly BucketFill[])[] = [];
  const store = {
    async fillBuckets(fills: readonly BucketFill[]) {
      calls.push(fills);
      return fills.map(() => 0);
    },
  };
  const { admitted, outbox } = aLimiter({ store });
  admitted(4);
  admitted(2, { kind: 'address', id: '192.0.2.1' });

  await outbox.deliver();

  assert.deepEqual(
    calls.map((fills) => fills.map(({ milliseconds }) => milliseconds)),
    [[4000, 2000]],
  );
});

/** A store that keeps what it is told, and answers when the test says so. */
function aTellingStore() {
  const told: (readonly [parts: string, milliseconds: number])[] = [];
  let answering = Promise.resolve();
  return {
    told,
    hold(until: Promise<void>): void {
      answering = until;
      // Until it is asked nobody waits for it.
      until.catch(() => undefined);
    },
    async fillBuckets(fills: readonly BucketFill[]) {
      for (const { key, milliseconds } of fills) told.push([key.parts.join(' '), milliseconds]);
      await answering;
      return fills.map(({ milliseconds }) => milliseconds);
    },
  };
}

test('Rate limit: a request is counted in each of its buckets, also where two have one name', async () => {
  const store = aTellingStore();
  const { admitted, limiter, outbox } = aLimiter({ store });
  const address = { kind: 'address', id: 'gateway' } as const;

  limiter.admit([GATEWAY, address].map((counted) => ({ ...counted, rate: RATE })));

  assert.deepEqual([admitted(8), admitted(8, address)], [4, 4]);
  await outbox.deliver();
  assert.deepEqual(store.told, [
    ['client gateway', 5000],
    ['address gateway', 5000],
  ]);
});

test('Rate limit: what is less than a millisecond is told once it has come to one', async () => {
  const store = aTellingStore();
  const { limiter, outbox } = aLimiter({ store });
  const fast = { ...GATEWAY, rate: { requestsPerSecond: 2000, burst: 100 } };

  for (let time = 0; time < 4; time += 1) {
    limiter.admit([fast]);
    await outbox.deliver();
  }

  assert.deepEqual(
    store.told.map(([, milliseconds]) => milliseconds),
    [0, 1, 0, 1],
  );
});

test('Rate limit: what is taken while the store is asked is not forgotten over its answer', async () => {
  const store = aTellingStore();
  const { admitted, outbox } = aLimiter({ store });
  const gate = Promise.withResolvers<void>();
  store.hold(gate.promise);
  admitted(2);
  const delivery = outbox.deliver();
  admitted(2);

  gate.resolve();
  await delivery;

  assert.equal(admitted(8), 1);
});

test('Rate limit: however many processes there are, with the store away one request of each is let through, and it is told once', async () => {
  const store = { fillBuckets: () => Promise.reject(new Error('the store is away')) };
  const { admitted, away, clock, outbox } = aLimiter({ store, shares: 50 });
  admitted(1);
  await outbox.deliver();
  await outbox.deliver();
  clock.advance(600);

  assert.equal(admitted(5), 1);
  assert.deepEqual(away, [true]);
});

for (const [requestsPerSecond, seconds] of [
  [100, 1],
  [0.4, 3],
] as const)
  test(`Rate limit: at ${requestsPerSecond} a second a refusal says to wait ${seconds} s, never none`, () => {
    const { limiter } = aLimiter();
    const demand = { ...GATEWAY, rate: { requestsPerSecond, burst: 1 } };
    limiter.admit([demand]);

    assert.throws(() => limiter.admit([demand]), { retryAfterSeconds: seconds });
  });

test('Rate limit: that the store is back is found though nobody asks again', async () => {
  const store = aTellingStore();
  const { admitted, away, outbox } = aLimiter({ store });
  store.hold(Promise.reject(new Error('the store is away')));
  admitted(1);
  await outbox.deliver();

  store.hold(Promise.resolve());
  await outbox.deliver();

  assert.deepEqual(away, [true, false]);
  // What became of it the first time is not known: twice would be too much.
  assert.deepEqual(
    store.told.map(([, milliseconds]) => milliseconds),
    [1000, 0],
  );
});

test('Rate limit: one call of the store has 256 buckets at most', async () => {
  const calls: number[] = [];
  const store = {
    async fillBuckets(fills: readonly BucketFill[]) {
      calls.push(fills.length);
      return fills.map(() => 0);
    },
  };
  const { admitted, outbox } = aLimiter({ store });
  for (let index = 0; index < 300; index += 1)
    admitted(1, { kind: 'address', id: `source-${index}` });

  await outbox.deliver();
  await outbox.deliver();

  assert.deepEqual(calls, [256, 44]);
});

test('Rate limit: each bucket hears its own level', async () => {
  const store = { fillBuckets: async () => [1000, 5000] };
  const { admitted, outbox } = aLimiter({ store });
  const address = { kind: 'address', id: '192.0.2.1' } as const;
  admitted(1);
  admitted(1, address);

  await outbox.deliver();

  assert.deepEqual([admitted(8), admitted(8, address)], [4, 0]);
});

test('Rate limit: one delivery at a time; what came meanwhile is told soon after, and once a second while the store is away', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const store = aTellingStore();
  const { admitted, outbox } = aLimiter({ store });
  const gate = Promise.withResolvers<void>();
  const counts: number[] = [];
  const after = async (milliseconds: number): Promise<void> => {
    t.mock.timers.tick(milliseconds);
    await turn();
    counts.push(store.told.length);
  };
  store.hold(gate.promise);
  admitted(1);
  await after(50);
  admitted(1);
  void outbox.deliver();
  await after(50);

  gate.resolve();
  await turn();
  store.hold(Promise.reject(new Error('the store is away')));
  await after(49);
  await after(1);
  await after(999);
  await after(1);

  assert.deepEqual(counts, [1, 1, 1, 2, 2, 3]);
});
