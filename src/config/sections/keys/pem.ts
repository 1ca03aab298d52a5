// Keys and certificates in PEM: whether they can be used, without ever quoting them.
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { Complaint } from '../../problem.ts';

const keyComplaint = (what: string, fix: string): Complaint => ({
  code: 'CONFIG_KEY',
  what,
  why: 'a key that does not fit would only show when the first token is signed',
  fix,
});

const PKCS8_FIX = 'write it as unencrypted PKCS8: openssl pkcs8 -topk8 -nocrypt -in old.pem';

const BEGIN_PRIVATE_KEY = '-----BEGIN PRIVATE KEY-----';

const keysIn = (pem: string): number => pem.split(BEGIN_PRIVATE_KEY).length - 1;

function privateKey(pem: string): KeyObject | undefined {
  try {
    return keysIn(pem) === 1 ? createPrivateKey(pem) : undefined;
  } catch {
    // The cause is dropped: a parser that has seen a private key must not speak.
    return undefined;
  }
}

/** The certificate that a PEM begins with, or undefined when it is none. */
export function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** Why a PEM is not a private key in PKCS8. */
export function privateKeyProblem(pem: string): Complaint | undefined {
  // The first of them would be taken without a word.
  if (keysIn(pem) > 1)
    return keyComplaint('has several private keys', 'leave the one that is meant');
  return privateKey(pem) ? undefined : keyComplaint('is not a private key in PKCS8 PEM', PKCS8_FIX);
}

/** RFC 7518 §3.3. */
export const MIN_RSA_BITS = 2048;

const EC_CURVES: Readonly<Record<string, string>> = {
  ES256: 'prime256v1',
  ES384: 'secp384r1',
  ES512: 'secp521r1',
};

/** What an algorithm needs of a key, and what the key is (RFC 7518 §3, RFC 8037). */
function shapesOf(key: KeyObject, algorithm: string): { needed: string; actual: string } {
  const { asymmetricKeyType = 'unknown', asymmetricKeyDetails } = key;
  const isEd25519 = algorithm === 'EdDSA' || algorithm === 'Ed25519';
  const needed = EC_CURVES[algorithm] ?? (isEd25519 ? 'ed25519' : 'rsa');
  return { needed, actual: asymmetricKeyDetails?.namedCurve ?? asymmetricKeyType };
}

/** Why a private key cannot be used with an algorithm. */
export function signingKeyProblem(pem: string, algorithm: string): Complaint | undefined {
  const key = privateKey(pem);
  if (!key) return privateKeyProblem(pem);
  const { needed, actual } = shapesOf(key, algorithm);
  if (needed !== actual) {
    return keyComplaint(
      `${algorithm} needs a key of type ${needed}, this is ${actual}`,
      'name the algorithm of the key, or make a key for the algorithm',
    );
  }
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < MIN_RSA_BITS) {
    return keyComplaint(
      `an RSA key needs ${String(MIN_RSA_BITS)} bits, this has ${String(bits)}`,
      'make a longer key (RFC 7518 §3.3)',
    );
  }
  return undefined;
}

/** Why a private key cannot decrypt what is encrypted with RSA-OAEP. */
export const decryptionKeyProblem = (pem: string): Complaint | undefined =>
  signingKeyProblem(pem, 'RSA-OAEP');

/** Why a certificate does not belong to a private key. */
export function certificateProblem(pem: string, keyPem: string): Complaint | undefined {
  const key = privateKey(keyPem);
  if (!key) return undefined;
  try {
    if (new X509Certificate(pem).checkPrivateKey(key)) return undefined;
  } catch {
    return keyComplaint(
      'is not a certificate in PEM',
      'refer to a PEM file with the certificate first',
    );
  }
  return keyComplaint(
    'the certificate is of another key',
    'refer to the certificate that was issued for this key; in a chain it comes first',
  );
}

/** How long before a certificate ends it is told of, at load and while the server runs. */
export const EXPIRY_WARNING_SECONDS = 30 * 86_400;

const BEGIN_CERTIFICATE = '-----BEGIN CERTIFICATE-----';

/** All certificates of a PEM, undefined where one is broken. Text around them is for people. */
export function certificatesIn(pem: string): readonly (X509Certificate | undefined)[] {
  const [, ...blocks] = pem.split(BEGIN_CERTIFICATE);
  return blocks.map((block) => parseCertificate(`${BEGIN_CERTIFICATE}${block}`));
}

/** Whether a PEM has certificates, and none that is broken. */
export function isCertificates(pem: string): boolean {
  const found = certificatesIn(pem);
  return found.length > 0 && !found.includes(undefined);
}

/** What names the key pair of a private key, or undefined when it is none. */
export function publicFingerprint(pem: string): string | undefined {
  const key = privateKey(pem);
  return key && createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');
}
