// Signs assertions with node:crypto: asynchronously, so that all cores sign and the event loop stays free.
import { type KeyObject, type SignKeyObjectInput, sign } from 'node:crypto';
import { keyShapeOf } from './signature-algorithm.ts';
import type { SigningKey } from './signing-key.ts';

/** Signs the canonical bytes of a SignedInfo. */
export interface SamlSigner {
  readonly algorithm: string;
  readonly certificatePem: string;
  readonly keyObject: KeyObject;
  /** OpenSSL holds each result of an RSA private key against its public exponent before it gives it out: `docs/decisions/0019`. */
  readonly verifiesItself: boolean;
  /** The signature value as XML-DSig wants it; for ECDSA r and s as they are, not DER (XML-DSig 1.1 §6.4.3). */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** What every verifier of SAML knows; the configuration offers no others. */
const SAML_ALGORITHMS: ReadonlySet<string> = new Set(['RS256', 'ES256']);

/** Refuses an algorithm that a SAML key cannot be for.
 * @throws {Error} */
export function requireSamlAlgorithm(algorithm: string): void {
  if (!SAML_ALGORITHMS.has(algorithm)) throw new Error(`${algorithm} cannot sign SAML`);
}

/** A signer over one SAML key. */
export function createSamlSigner({
  algorithm,
  certificatePem,
  keyObject,
}: Pick<SigningKey, 'algorithm' | 'certificatePem' | 'keyObject'>): SamlSigner {
  if (certificatePem === undefined) throw new Error('a SAML key needs its certificate');
  const { digest, keyType } = keyShapeOf(algorithm);
  const isRsa = keyType === 'rsa';
  // A bare RSA key means PKCS #1 v1.5; saying so in an options object costs more than a twentieth of the signature.
  const input: KeyObject | SignKeyObjectInput = isRsa
    ? keyObject
    : { key: keyObject, dsaEncoding: 'ieee-p1363' };
  return {
    algorithm,
    certificatePem,
    keyObject,
    verifiesItself: isRsa,
    sign: (bytes) =>
      new Promise((resolve, reject) => {
        sign(digest, bytes, input, (error, signature) => {
          if (error) reject(error);
          else resolve(signature);
        });
      }),
  };
}
