// Signs assertions with node:crypto: asynchronously, so that all cores sign and the event loop stays free.
import { constants, type KeyObject, type SignKeyObjectInput, sign } from 'node:crypto';
import { keyShapeOf } from './signature-algorithm.ts';
import type { SigningKey } from './signing-key.ts';

/** Signs the canonical bytes of a SignedInfo. */
export interface SamlSigner {
  readonly algorithm: string;
  readonly certificatePem: string;
  readonly keyObject: KeyObject;
  /** The signature value as XML-DSig wants it; for ECDSA r and s as they are, not DER (XML-DSig 1.1 §6.4.3). */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** What XML-DSig has an identifier for and verifiers of SAML know. */
const SAML_ALGORITHMS: ReadonlySet<string> = new Set(['RS256', 'RS384', 'RS512', 'ES256', 'ES384']);

/** Refuses an algorithm that a SAML key cannot be for.
 * @throws {Error} */
export function checkSamlAlgorithm(algorithm: string): void {
  if (!SAML_ALGORITHMS.has(algorithm)) throw new Error(`${algorithm} cannot sign SAML`);
}

/** A signer over one SAML key. */
export function createSamlSigner(key: SigningKey): SamlSigner {
  const { algorithm, certificatePem, keyObject } = key;
  if (certificatePem === undefined) throw new Error('a SAML key needs its certificate');
  const { digest, keyType } = keyShapeOf(algorithm);
  const input: SignKeyObjectInput =
    keyType === 'rsa'
      ? { key: keyObject, padding: constants.RSA_PKCS1_PADDING }
      : { key: keyObject, dsaEncoding: 'ieee-p1363' };
  return {
    algorithm,
    certificatePem,
    keyObject,
    sign: (bytes) =>
      new Promise((resolve, reject) => {
        sign(digest, bytes, input, (error, signature) => {
          if (error) reject(error);
          else resolve(signature);
        });
      }),
  };
}
