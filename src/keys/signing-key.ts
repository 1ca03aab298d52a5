// One key of the configuration, imported and checked: PKCS8 in, what signs and what is published out.
import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose';
import type { Instant } from '#core/instant.ts';
import type { TokenForm } from '#core/token/token-type.ts';
import { keyShapeOf, requireKeyFits } from './signature-algorithm.ts';

/** One key as configured. */
export interface KeyEntry {
  readonly use: TokenForm;
  readonly algorithm: string;
  /** PKCS8, not encrypted. */
  readonly pem: string;
  /** Of this very key; needed for SAML. */
  readonly certificatePem?: string;
  /** When it starts to sign; absent: it always has. */
  readonly activeFrom?: Instant;
}

export interface SigningKey {
  readonly use: TokenForm;
  readonly algorithm: string;
  /** The RFC 7638 thumbprint: the same key has the same name on every node. */
  readonly kid: string;
  readonly activeFrom: Instant;
  readonly keyObject: KeyObject;
  readonly publicKey: KeyObject;
  readonly privateJwk: JWK;
  readonly certificatePem?: string;
}

function parsePrivateKey(pem: string): KeyObject {
  // Only PKCS8: one form to document, and an encrypted key is told apart from a broken one.
  if (!pem.includes('-----BEGIN PRIVATE KEY-----')) {
    throw new Error(
      'the key is not an unencrypted PKCS8 PEM (convert it: openssl pkcs8 -topk8 -nocrypt)',
    );
  }
  try {
    return createPrivateKey(pem);
  } catch {
    // The cause is dropped: no text of a parser that has seen a private key goes anywhere.
    throw new Error('the PKCS8 PEM cannot be read');
  }
}

function requireItsCertificate(pem: string, key: KeyObject): void {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch (cause) {
    throw new Error('the certificate cannot be read', { cause });
  }
  if (!certificate.checkPrivateKey(key)) throw new Error('the certificate is of another key');
}

// One signature that verifies, before any that counts: a key that reads well may still be damaged.
function requireItSigns(key: KeyObject, publicKey: KeyObject, digest: string | undefined): void {
  const probe = new TextEncoder().encode('self-check');
  if (!verify(digest, probe, publicKey, sign(digest, probe, key)))
    throw new Error('the key does not sign as its public half verifies');
}

/** Imports one key.
 * @throws {Error} when the PEM, the algorithm and the certificate do not fit together */
export async function loadSigningKey(entry: KeyEntry): Promise<SigningKey> {
  const { algorithm, certificatePem, use } = entry;
  const { digest } = keyShapeOf(algorithm);
  const keyObject = parsePrivateKey(entry.pem);
  requireKeyFits(keyObject, algorithm);
  if (use === 'saml' && certificatePem === undefined)
    throw new Error('a SAML key needs its certificate');
  if (certificatePem !== undefined) requireItsCertificate(certificatePem, keyObject);
  const publicKey = createPublicKey(keyObject);
  requireItSigns(keyObject, publicKey, digest);
  const kid = await calculateJwkThumbprint(await exportJWK(publicKey));
  return {
    use,
    algorithm,
    kid,
    activeFrom: entry.activeFrom ?? 0,
    keyObject,
    publicKey,
    privateJwk: {
      ...(keyObject.export({ format: 'jwk' }) as JWK),
      kid,
      use: 'sig',
      alg: algorithm,
    },
    ...(certificatePem !== undefined && { certificatePem }),
  };
}
