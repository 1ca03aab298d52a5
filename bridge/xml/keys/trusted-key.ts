// Keys a signature may be checked with (xml-security §5, V7). Public and secret keys are different types; both are
// made once, from a trust store or a validated token, never from KeyInfo itself.

import type { Buffer } from 'node:buffer';
import { createSecretKey, type KeyObject } from 'node:crypto';
import { XmlFailure } from '../failure.ts';

declare const trusted: unique symbol;

/** A public key the caller trusts, of sufficient strength. */
export interface TrustedPublicKey {
  readonly kind: 'public';
  readonly family: 'rsa' | 'ec';
  readonly key: KeyObject;
  /** The length of the modulus, which a signature has too; 0 for EC. */
  readonly modulusBytes: number;
  readonly [trusted]: true;
}

/** A secret we issued or hold. */
export interface TrustedSecretKey {
  readonly kind: 'secret';
  readonly key: KeyObject;
  readonly [trusted]: true;
}

/** A key a signature may be checked with. */
export type TrustedKey = TrustedPublicKey | TrustedSecretKey;

const MIN_RSA_BITS = 2048;
/** A key of a message is used before its sender is known: beyond these a check costs as much as a signature. */
const MAX_RSA_BITS = 8192;
const MAX_EXPONENT = 0xffffffffn;
/** With 1, what is encrypted is there for everybody. */
const MIN_EXPONENT = 3n;
/** No key within these bounds is longer than this when encoded. Read first: to read a long exponent takes the runtime time that grows
 * with the square of its length. */
const MAX_ENCODED_BYTES = 1200;
const BITS_PER_BYTE = 8;
const MIN_SECRET_BYTES = 16;
const CURVES: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/** Takes a public key into trust: RSA of 2048 to 8192 bits that can be one, or EC on P-256, P-384, P-521 (B13).
 * @throws {XmlFailure} `key-refused` */
export function trustPublicKey(key: KeyObject): TrustedPublicKey {
  if (key.type !== 'public') throw new XmlFailure('key-refused', `${key.type} key`);
  const encoded = key.export({ format: 'der', type: 'spki' });
  if (encoded.byteLength > MAX_ENCODED_BYTES) throw new XmlFailure('key-refused', 'key too long');
  const family = key.asymmetricKeyType;
  const isStrongRsa = family === 'rsa' && isBoundedRsa(key, encoded);
  const isKnownCurve = family === 'ec' && CURVES.has(key.asymmetricKeyDetails?.namedCurve);
  if (!isStrongRsa && !isKnownCurve) throw new XmlFailure('key-refused', 'key type or size');
  const trustedKey: Omit<TrustedPublicKey, typeof trusted> = {
    kind: 'public',
    family: isStrongRsa ? 'rsa' : 'ec',
    key,
    modulusBytes: modulusBytesOf(key),
  };
  return trustedKey as TrustedPublicKey;
}

/** The length of an RSA signature, or of what is encrypted to the key. */
export const modulusBytesOf = ({ asymmetricKeyDetails: details }: KeyObject): number =>
  Math.ceil((details?.modulusLength ?? 0) / BITS_PER_BYTE);

function isBoundedRsa({ asymmetricKeyDetails: details }: KeyObject, encoded: Buffer): boolean {
  const { modulusLength: bits = 0, publicExponent = 0n } = details ?? {};
  const isLong = bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS;
  const isExponent = publicExponent >= MIN_EXPONENT && publicExponent <= MAX_EXPONENT;
  // An even exponent has no inverse.
  return (
    isLong && isExponent && publicExponent % 2n === 1n && isModulusOdd(encoded, publicExponent)
  );
}

// It is the product of two odd primes. With another the runtime fails. Read where it ends in the encoded key, before the exponent and the
// two octets of its header: to write the key as a JWK takes longer than to verify a signature.
function isModulusOdd(encoded: Buffer, publicExponent: bigint): boolean {
  const exponentBytes = Math.floor(publicExponent.toString(2).length / BITS_PER_BYTE) + 1;
  return (encoded.at(-exponentBytes - 3) ?? 0) % 2 === 1;
}

/** Takes a secret into trust: 16 bytes and more.
 * @throws {XmlFailure} `key-refused` */
export function trustSecretKey(secret: Uint8Array): TrustedSecretKey {
  if (secret.byteLength < MIN_SECRET_BYTES) throw new XmlFailure('key-refused', 'secret too short');
  return { kind: 'secret', key: createSecretKey(secret) } as TrustedSecretKey;
}
