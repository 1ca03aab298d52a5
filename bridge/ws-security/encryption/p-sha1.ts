// P_SHA-1, which the standards leave no choice about: the computed key `CK/PSHA1` (WS-Trust 1.3 §4.4.4) and derived keys
// (WS-SecureConversation 1.3 §7) are P_hash of TLS 1.0 over HMAC-SHA1 (RFC 2246 §5).

import { Buffer } from 'node:buffer';
import { createHmac, type KeyObject } from 'node:crypto';

/** The first `bytes` bytes of P_SHA-1. */
export function computePSha1(secret: KeyObject, seed: Uint8Array, bytes: number): Buffer {
  const hmac = (...parts: readonly Uint8Array[]): Buffer => {
    // Of bytes node:crypto would make a key each time, which takes longer than the MAC.
    const mac = createHmac('sha1', secret);
    for (const part of parts) mac.update(part);
    return mac.digest();
  };
  const blocks: Buffer[] = [];
  let length = 0;
  for (let a = hmac(seed); length < bytes; a = hmac(a)) {
    const block = hmac(a, seed);
    blocks.push(block);
    length += block.length;
  }
  return Buffer.concat(blocks).subarray(0, bytes);
}
