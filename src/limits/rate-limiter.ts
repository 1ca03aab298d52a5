// Token buckets per client, address or whatever is counted (GCRA: a bucket is the time at which it is empty again). A request is
// decided at once by what this process knows; the store hears of it later and answers with what all processes took together.
import { ExchangeFailure } from '#core/failure.ts';
import { type Clock, millisecondsOf } from '#core/instant.ts';
import type { BucketOutbox, Taking } from './bucket-outbox.ts';

interface Rate {
  readonly requestsPerSecond: number;
  /** How many may come at once. */
  readonly burst: number;
}

/** Who is counted. */
export interface Counted {
  readonly kind: 'client' | 'address' | 'principal' | 'relying-party';
  readonly id: string;
}

export interface RateLimiter {
  /** Takes one request from the bucket.
   * @throws {ExchangeFailure} `rate-limited` */
  admit(counted: Counted, rate: Rate): void;
}

export interface RateLimiterSettings {
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

/** So many parties are known at one time; beyond it the one that was seen first is forgotten here, and known to the store. */
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

/** Creates the limiter. */
export function createRateLimiter(settings: RateLimiterSettings): RateLimiter {
  const { clock, outbox, shares } = settings;
  const buckets = new Map<string, Bucket>();

  function bucketOf(name: string): Bucket {
    const known = buckets.get(name);
    if (known) return known;
    const [oldest] = buckets.keys();
    if (buckets.size >= MAX_BUCKETS && oldest !== undefined) buckets.delete(oldest);
    const bucket = newBucket();
    buckets.set(name, bucket);
    return bucket;
  }

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

  return {
    admit(counted, { requestsPerSecond, burst }) {
      const name = `${counted.kind} ${counted.id}`;
      const bucket = bucketOf(name);
      const perRequest = 1000 / requestsPerSecond;
      const capacity = perRequest * burst;
      // With the store away nobody knows what the others let through: each takes as much room as all of them may.
      const cost = outbox.isAway() ? Math.min(perRequest * shares, capacity) : perRequest;
      const now = millisecondsOf(clock);
      const level = Math.max(bucket.emptyAt - now, 0);
      if (level + cost > capacity) refuse(counted, bucket, level + cost - capacity);
      bucket.emptyAt = now + level + cost;
      bucket.unsentMilliseconds += perRequest;
      outbox.add(name, () => takingOf(counted, bucket, capacity));
    },
  };
}
