// Unguessable ids of 128 random bits, for requests and for tokens.
import { randomFillSync } from 'node:crypto';

const ID_BYTES = 16;
const IDS_AT_ONCE = 256;

/** Makes ids of 128 random bits; the random bytes are fetched for many of them at once, as each fetch costs the same. */
export function createIdSource(): () => string {
  const pool = Buffer.alloc(ID_BYTES * IDS_AT_ONCE);
  let used = pool.length;
  return () => {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    used += ID_BYTES;
    return pool.toString('base64url', used - ID_BYTES, used);
  };
}
