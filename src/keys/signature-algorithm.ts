// The signature algorithms our own keys can be for (RFC 7518 §3.1, RFC 8037, RFC 9864) and the key that fits each.
// RS1, `none` and every HMAC are missing on purpose: what is not in this table cannot be configured.
import type { KeyObject } from 'node:crypto';

interface KeyShape {
  readonly keyType: 'rsa' | 'ec' | 'ed25519';
  /** OpenSSL's name of the curve. */
  readonly curve?: string;
  /** The digest `node:crypto` signs with; Ed25519 has its own. */
  readonly digest?: string;
}

const SIGNATURE_ALGORITHMS: Readonly<Record<string, KeyShape>> = {
  RS256: { keyType: 'rsa', digest: 'sha256' },
  RS384: { keyType: 'rsa', digest: 'sha384' },
  RS512: { keyType: 'rsa', digest: 'sha512' },
  PS256: { keyType: 'rsa', digest: 'sha256' },
  PS384: { keyType: 'rsa', digest: 'sha384' },
  PS512: { keyType: 'rsa', digest: 'sha512' },
  ES256: { keyType: 'ec', curve: 'prime256v1', digest: 'sha256' },
  ES384: { keyType: 'ec', curve: 'secp384r1', digest: 'sha384' },
  Ed25519: { keyType: 'ed25519' },
  EdDSA: { keyType: 'ed25519' },
};

const MIN_RSA_BITS = 2048;

/** The key shape of an algorithm.
 * @throws {Error} when we do not sign with it */
export function keyShapeOf(algorithm: string): KeyShape {
  const shape = Object.hasOwn(SIGNATURE_ALGORITHMS, algorithm)
    ? SIGNATURE_ALGORITHMS[algorithm]
    : undefined;
  if (!shape) throw new Error(`${algorithm} is not an algorithm that keys can be made for`);
  return shape;
}

function requireRsaSize(key: KeyObject): void {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < MIN_RSA_BITS)
    throw new Error(`an RSA key needs ${MIN_RSA_BITS} bits or more, this has ${bits}`);
}

/** Holds a private key against its algorithm: RFC 7518 §3.3 wants RSA keys of 2048 bits or more, §3.4 one curve each.
 * @throws {Error} when the key does not fit */
export function requireKeyFits(key: KeyObject, algorithm: string): void {
  const { curve, keyType } = keyShapeOf(algorithm);
  const actual = key.asymmetricKeyType ?? 'none';
  if (actual !== keyType)
    throw new Error(`${algorithm} needs a key of type ${keyType}, this is ${actual}`);
  if (keyType === 'rsa') requireRsaSize(key);
  const actualCurve = key.asymmetricKeyDetails?.namedCurve;
  if (curve !== undefined && actualCurve !== curve)
    throw new Error(`${algorithm} needs curve ${curve}, this is ${actualCurve}`);
}
