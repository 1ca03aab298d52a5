// Who signs (xml-security §1, S8, S9): one asynchronous interface for keys in memory, KMS and PKCS#11.

import { createHmac } from 'node:crypto';
import { XmlFailure } from '../failure.ts';
import { type TrustedKey, trustSecretKey } from '../keys/trusted-key.ts';
import { HMAC_SHA256 } from './algorithms.ts';
import { verifySignatureValue } from './signature-value.ts';

/** Signs bytes under one algorithm. */
export interface Signer {
  /** The signature algorithm identifier, as it goes into SignatureMethod. */
  readonly algorithm: string;
  /** The raw signature value: `r‖s` for ECDSA. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** A signer with a shared secret, HMAC-SHA256: for the symmetric bindings of WS-Security.
 * @throws {XmlFailure} `key-refused` */
export function createSecretSigner(secret: Uint8Array): Signer {
  const { key } = trustSecretKey(secret);
  const sign = async (bytes: Uint8Array): Promise<Uint8Array> =>
    createHmac('sha256', key).update(bytes).digest();
  return { algorithm: HMAC_SHA256, sign };
}

/** Wraps a signer so that no wrong value leaves: a fault in RSA arithmetic leaks the key, an HSM can mix keys up (S8). */
export function verifyAfterSigning(signer: Signer, key: TrustedKey): Signer {
  const sign = async (bytes: Uint8Array): Promise<Uint8Array> => {
    const value = await signer.sign(bytes);
    try {
      verifySignatureValue(
        { algorithm: signer.algorithm, data: bytes, value, legacySha1: false },
        key,
      );
    } catch (error) {
      throw new XmlFailure('signing-failed', 'own signature does not verify', { cause: error });
    }
    return value;
  };
  return { ...signer, sign };
}
