// Token buckets per client, address or whatever is counted (GCRA: a bucket is the time at which it is empty again). A request is
// decided at once by what this process knows; the store hears of it later and answers with what all processes took together.

import { ExchangeFailure } from '#core/failure.ts';
import { putLast } from '#core/foreign/bounded-map.ts';
import { type Clock, millisecondsOf } from '#core/instant.ts';
import type { BucketOutbox, Taking } from './bucket-outbox.ts';

export interface Rate {
  readonly requestsPerSecond: number;
  /** How many may come at once. */
  readonly burst: number;
}

/** Who is counted. */
export interface Counted {
  readonly kind: 'client' | 'address' | 'principal' | 'subject' | 'relying-party';
  readonly id: string;
}

/** A place in somebody's bucket. */
export interface Demand extends Counted {
  readonly rate: Rate;
}

export interface RateLimiter {
  /** Takes one place in each bucket; where one of them has none, in none.
   * @throws {ExchangeFailure} `rate-limited` */
  admit(demands: readonly Demand[]): void;
}

interface RateLimiterSettings {
  readonly outbox: BucketOutbox;
  readonly clock: Clock;
  /** Processes that share the store: while it is away each allows its share only. */
  readonly shares: number;
  /** Told of the first refusal of each, once a minute at most: a flood must not fill a log. */
  readonly onRefused: (counted: Counted) => void;
}

interface Bucket {
  /** Epoch milliseconds. */
  emptyAt: number;
  /** Taken here and not yet sent. */
  unsentMilliseconds: number;
  toldAt: number;
}

/** So many parties of a kind are known at one time; beyond it the one that was seen first is forgotten here, and known to the
 * store. */
const MAX_BUCKETS = 20_000;
const TELL_EVERY_MILLISECONDS = 60_000;

const newBucket = (): Bucket => ({
  emptyAt: 0,
  unsentMilliseconds: 0,
  toldAt: Number.NEGATIVE_INFINITY,
});

/** What has arrived in whole milliseconds; the rest waits. */
function unsentOf(bucket: Bucket): number {
  const whole = Math.floor(bucket.unsentMilliseconds);
  bucket.unsentMilliseconds -= whole;
  return whole;
}

/** The buckets that are known here, each kind by itself: many addresses or subjects must not have that of a client forgotten. */
function createBuckets(): (counted: Counted) => Bucket {
  const kinds = new Map<Counted['kind'], Map<string, Bucket>>();
  return ({ kind, id }) => {
    const buckets = kinds.get(kind) ?? new Map<string, Bucket>();
    kinds.set(kind, buckets);
    const known = buckets.get(id);
    if (known) return known;
    const bucket = newBucket();
    putLast(buckets, [id, bucket], MAX_BUCKETS);
    return bucket;
  };
}

/** Creates the limiter. */
export function createRateLimiter(settings: RateLimiterSettings): RateLimiter {
  const { clock, outbox, shares } = settings;
  const bucketOf = createBuckets();

  function takingOf(counted: Counted, bucket: Bucket, capacityMilliseconds: number): Taking {
    return {
      key: { class: 'bucket', parts: [counted.kind, counted.id] },
      milliseconds: unsentOf(bucket),
      // A little more than a burst: several processes may let one through each before they know of each other.
      mostMilliseconds: Math.ceil(2 * capacityMilliseconds),
      onLevel(level) {
        bucket.emptyAt = millisecondsOf(clock) + level + bucket.unsentMilliseconds;
      },
    };
  }

  function refuse(counted: Counted, bucket: Bucket, waitMilliseconds: number): never {
    const now = millisecondsOf(clock);
    if (now - bucket.toldAt >= TELL_EVERY_MILLISECONDS) {
      bucket.toldAt = now;
      settings.onRefused(counted);
    }
    throw new ExchangeFailure('rate-limited', `too often for one ${counted.kind}`, {
      retryAfterSeconds: Math.max(Math.ceil(waitMilliseconds / 1000), 1),
    });
  }

  /** Looks for a place, and answers what takes it. */
  function placeFor({ kind, id, rate: { requestsPerSecond, burst } }: Demand, now: number) {
    const counted = { kind, id };
    const bucket = bucketOf(counted);
    const perRequest = 1000 / requestsPerSecond;
    const capacity = perRequest * burst;
    // With the store away nobody knows what the others let through: each takes as much room as all of them may.
    const cost = outbox.isAway() ? Math.min(perRequest * shares, capacity) : perRequest;
    // As full as the store lets one be. A clock that was set back must not keep anybody out until it has caught up.
    bucket.emptyAt = Math.min(bucket.emptyAt, now + 2 * capacity);
    const level = Math.max(bucket.emptyAt - now, 0);
    if (level + cost > capacity) refuse(counted, bucket, level + cost - capacity);
    return (): void => {
      bucket.emptyAt = now + level + cost;
      bucket.unsentMilliseconds += perRequest;
      outbox.add(`${kind} ${id}`, () => takingOf(counted, bucket, capacity));
    };
  }

  return {
    admit(demands) {
      const now = millisecondsOf(clock);
      const places = demands.map((demand) => placeFor(demand, now));
      for (const take of places) take();
    },
  };
}
