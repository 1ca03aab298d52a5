// The arithmetic of SignatureValue: which method fits which key (xml-security §5, V6).

import { constants, createHmac, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import { XmlFailure } from '../failure.ts';
import type { TrustedKey } from '../keys/trusted-key.ts';
import { type PublicMethod, publicMethod, secretMethod } from './algorithms.ts';

/** A claim that `value` signs `data` under an algorithm. */
export interface SignatureClaim {
  readonly algorithm: string;
  readonly data: Uint8Array;
  readonly value: Uint8Array;
  readonly legacySha1: boolean;
}

interface KeyOptions {
  readonly key: KeyObject;
  readonly dsaEncoding?: 'ieee-p1363';
  readonly padding?: number;
  readonly saltLength?: number;
}

/** Verifies a signature value with a key of the right kind.
 * @throws {XmlFailure} `algorithm-refused` when the algorithm is none of this kind of key; `signature-invalid` */
export function verifySignatureValue(claim: SignatureClaim, key: TrustedKey): void {
  const isValid = key.kind === 'secret' ? isValidMac(claim, key.key) : isValidPublic(claim, key);
  if (!isValid) throw new XmlFailure('signature-invalid', 'signature value');
}

function isValidMac(
  { algorithm, data, legacySha1, value }: SignatureClaim,
  key: KeyObject,
): boolean {
  const expected = createHmac(secretMethod(algorithm, legacySha1), key).update(data).digest();
  // The whole length: a truncated value is another value (B6).
  return value.byteLength === expected.byteLength && timingSafeEqual(value, expected);
}

function isValidPublic(claim: SignatureClaim, key: TrustedKey & { kind: 'public' }): boolean {
  const method = publicMethod(claim.algorithm, claim.legacySha1);
  if (method.family !== key.family)
    throw new XmlFailure('algorithm-refused', 'key of another type');
  // RFC 8017 §8.1.2: OpenSSL takes a PSS signature without its leading zeros: a second spelling would get past a memory of values.
  if (key.family === 'rsa' && claim.value.byteLength !== key.modulusBytes) return false;
  return verify(method.hash, claim.data, cryptoKey(method, key.key), claim.value);
}

/** How node:crypto is to use a key for a method: raw `r‖s` for EC (B15), salt as long as the hash for PSS.
 * A bare RSA key means PKCS #1 v1.5, and is a third faster to verify with than the same in an options object. */
function cryptoKey(method: PublicMethod, key: KeyObject): KeyObject | KeyOptions {
  if (method.family === 'ec') return { key, dsaEncoding: 'ieee-p1363' };
  if (!method.pss) return key;
  return {
    key,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  };
}
