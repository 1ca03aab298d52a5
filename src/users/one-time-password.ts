// Time-based one-time passwords as a second factor (RFC 6238 over RFC 4226, SHA-1, six digits, steps of 30 seconds: what every
// authenticator app can do).
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Instant } from '#core/instant.ts';

const STEP_SECONDS = 30;
const DIGITS = 6;
/** RFC 6238 §5.2: one step either way, for clocks and slow fingers. */
const DRIFT_STEPS = [0, -1, 1];
/** How long a step that was used must be remembered by one clock: as long as it could be accepted. */
export const STEP_LIFETIME_SECONDS = (DRIFT_STEPS.length + 1) * STEP_SECONDS;
const SHORTEST_SECRET_BYTES = 16;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const BITS_PER_DIGIT = 5;
const BITS_PER_BYTE = 8;

/** The secret of a base32 text (RFC 4648 §6), as authenticator apps exchange it: spaces and padding aside.
 * @throws {Error} when it is none, or shorter than 128 bits (RFC 4226 §4 R6) */
export function parseOneTimeSecret(text: string): Uint8Array {
  const digits = text.toUpperCase().replaceAll(' ', '').replace(/=+$/, '');
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const digit of digits) {
    const number = BASE32.indexOf(digit);
    if (number < 0) throw new Error('a secret for one-time passwords is base32');
    value = ((value << BITS_PER_DIGIT) | number) & 0xffff;
    bits += BITS_PER_DIGIT;
    if (bits < BITS_PER_BYTE) continue;
    bits -= BITS_PER_BYTE;
    bytes.push((value >>> bits) & 0xff);
  }
  if (bytes.length < SHORTEST_SECRET_BYTES)
    throw new Error('a secret for one-time passwords has 128 bits or more');
  return Uint8Array.from(bytes);
}

/** The one-time password of a step (RFC 4226 §5.3). */
export function oneTimePasswordOf(secret: Uint8Array | KeyObject, step: number): string {
  const counter = Buffer.alloc(BITS_PER_BYTE);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', secret).update(counter).digest();
  const offset = digest.readUInt8(digest.length - 1) & 0xf;
  const number = digest.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0');
}

/** The step whose one-time password this is; undefined when it belongs to no step near `now`. All steps are compared, and in constant
 * time: how long it takes tells nothing. */
export function matchOneTimePassword(
  secret: Uint8Array,
  text: string,
  now: Instant,
): number | undefined {
  const given = Buffer.from(text);
  // Made once, not for each step.
  const key = createSecretKey(secret);
  let matched: number | undefined;
  for (const drift of DRIFT_STEPS) {
    const step = Math.floor(now / STEP_SECONDS) + drift;
    if (step < 0) continue;
    const expected = Buffer.from(oneTimePasswordOf(key, step));
    if (given.length === expected.length && timingSafeEqual(given, expected)) matched ??= step;
  }
  return matched;
}
