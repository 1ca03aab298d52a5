// Where a key lives. Every key carries a hash tag of one of 256 buckets: in a cluster the keys of a bucket share a slot, and
// each bucket has a canary there, so that a script sees in the same step whether the data around its key is still ours.
import { hash } from 'node:crypto';
import type { StoreKey } from '#core/ports.ts';
import { keyTextFor, type StoreVerb } from '../store-verb.ts';

const BUCKETS = 256;

export const EVERY_BUCKET: readonly number[] = Array.from(
  { length: BUCKETS },
  (_, bucket) => bucket,
);

export interface Place {
  readonly bucket: number;
  readonly canary: string;
  readonly key: string;
}

const tagOf = (bucket: number): string => `{${bucket.toString(16).padStart(2, '0')}}`;

/** The key of a bucket's canary. */
export function canaryKey(tenant: string, bucket: number): string {
  return `sts:${tenant}:dataset:${tagOf(bucket)}`;
}

/** A key in a bucket for what is no value of the store. */
export function probeKey(tenant: string, bucket: number, id: string): string {
  return `sts:${tenant}:probe:${tagOf(bucket)}:${id}`;
}

/** The bucket of a tag; without one the first byte of the key's own digest. Both are spread evenly. */
function bucketOf(tag: string | undefined, digest: string): number {
  const bytes =
    tag === undefined
      ? Buffer.from(digest.slice(0, 4), 'base64url')
      : hash('sha256', tag, 'buffer');
  return bytes[0] ?? 0;
}

export type PlaceOf = (verb: StoreVerb, key: StoreKey) => Place;

/** Names the key for an operation: `sts:<tenant>:<class>:{<bucket>}:<SHA-256 over the parts>`.
 * @throws {Error} when the operation is not open to the class of the key */
export function createPlaces(tenant: string): PlaceOf {
  const canaries = EVERY_BUCKET.map((bucket) => canaryKey(tenant, bucket));
  return (verb, key) => {
    const text = keyTextFor(verb, key);
    const digest = text.slice(text.lastIndexOf(':') + 1);
    const bucket = bucketOf(key.tag, digest);
    const name = `sts:${tenant}:${key.class}:${tagOf(bucket)}:${digest}`;
    return { bucket, canary: canaries[bucket] ?? '', key: name };
  };
}
