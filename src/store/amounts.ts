// The numbers that operations take. All adapters that keep time by our clock count alike: a value is there while now < its end.
import { FOREVER, type Instant } from '#core/instant.ts';
import type { BucketFill } from '#core/ports.ts';

/** The end of a value that lives `lifetimeSeconds` from now, at least one second: a mark that ends at once is none.
 * @throws {Error} for a lifetime that is negative or no number: it would make a mark that nobody sees */
export function expiryOf(now: Instant, lifetimeSeconds: number): Instant {
  if (!(lifetimeSeconds >= 0)) throw new Error('a lifetime is a number of seconds, zero or more');
  return Math.min(now + Math.max(Math.ceil(lifetimeSeconds), 1), FOREVER);
}

type Amounts = Omit<BucketFill, 'key'>;

/** @throws {Error} when a bucket is to be filled by what is no whole number, zero or more */
export function assertFill({ milliseconds, mostMilliseconds }: Amounts): void {
  for (const amount of [milliseconds, mostMilliseconds]) {
    if (!Number.isSafeInteger(amount) || amount < 0)
      throw new Error('a bucket holds whole milliseconds, zero or more');
  }
}

/** @throws {Error} when what is to be counted is no whole number */
export function assertWhole(by: number): void {
  if (!Number.isSafeInteger(by)) throw new Error('a counter counts whole numbers');
}
