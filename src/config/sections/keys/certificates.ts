// Certificates of others: pinned signing certificates, and those we encrypt to. Parsed and judged at load.
import type { KeyObject, X509Certificate } from 'node:crypto';
import type { Entry, Loading } from '../../loading.ts';
import type { Complaint, Path } from '../../problem.ts';
import type { SecretReference } from '../secret.ts';
import { certificatesIn, EXPIRY_WARNING_SECONDS, MIN_RSA_BITS } from './pem.ts';

/** What a certificate is for: another key is good for signatures than for encryption. */
type CertificateUse = 'verification' | 'encryption';

interface Wanted {
  readonly path: Path;
  readonly use: CertificateUse;
}

/** Reads the certificates of one PEM file, each as PEM of its own. None, and a complaint, where one cannot be used. */
export async function readCertificates(
  reference: SecretReference,
  { path, use }: Wanted,
  loading: Loading,
): Promise<readonly string[]> {
  const text = await loading.read(reference, path);
  if (text === '') return [];
  if (text.includes('PRIVATE KEY-----')) {
    loading.error(path, PRIVATE);
    return [];
  }
  const certificates = parseCertificates(text, { path, why: WHY }, loading);
  for (const certificate of certificates) validateCertificate(certificate, { path, use }, loading);
  return certificates.map((certificate) => certificate.toString());
}

/** The certificates of a PEM that can be read; a complaint where one cannot, or none is there. */
export function parseCertificates(
  pem: string,
  { path, why }: { readonly path: Path; readonly why: string },
  loading: Loading,
): readonly X509Certificate[] {
  const found = certificatesIn(pem);
  const certificates = found.filter((each) => each !== undefined);
  if (found.length === 0 || certificates.length < found.length)
    loading.error(path, unreadable(why));
  return certificates;
}

/** Reads all certificates of a list of PEM files, to verify signatures with. */
export async function readVerificationCertificates(
  { value, path }: Entry<readonly SecretReference[]>,
  loading: Loading,
): Promise<readonly string[]> {
  const pems: string[] = [];
  for (const [index, reference] of value.entries()) {
    const wanted: Wanted = { path: [...path, index], use: 'verification' };
    pems.push(...(await readCertificates(reference, wanted, loading)));
  }
  return pems;
}

const CURVES: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

function validateCertificate(
  certificate: X509Certificate,
  { path, use }: Wanted,
  loading: Loading,
): void {
  const weakness = keyWeakness(certificate.publicKey, use);
  if (weakness !== undefined) loading.error(path, unusable(weakness));
  const remainingSeconds = certificate.validToDate.getTime() / 1000 - loading.now;
  if (remainingSeconds <= 0) loading.error(path, EXPIRED);
  else if (remainingSeconds < EXPIRY_WARNING_SECONDS) loading.warn(path, EXPIRES_SOON);
}

function keyWeakness(
  { asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject,
  use: CertificateUse,
): string | undefined {
  if (type === 'rsa') {
    const { modulusLength = 0 } = details ?? {};
    return modulusLength < MIN_RSA_BITS
      ? `has an RSA key of ${String(modulusLength)} bits; ${String(MIN_RSA_BITS)} are needed`
      : undefined;
  }
  if (use === 'encryption') return 'has no RSA key, which encryption to it needs';
  return type === 'ec' && CURVES.has(details?.namedCurve)
    ? undefined
    : 'has a key that is neither RSA nor EC on P-256, P-384 or P-521';
}

const WHY = 'assertions are verified or encrypted with this key alone';

const unusable = (what: string): Complaint => ({
  code: 'CONFIG_KEY',
  what,
  why: WHY,
  fix: 'ask its owner for a certificate with a stronger key',
});

const unreadable = (why: string): Complaint => ({
  code: 'CONFIG_KEY',
  what: 'is not a certificate in PEM',
  why,
  fix: 'refer to a file with one or more blocks -----BEGIN CERTIFICATE-----',
});

const PRIVATE: Complaint = {
  code: 'CONFIG_INSECURE',
  what: 'holds a private key',
  why: 'whoever has it can sign as its owner: it has leaked, and has no business here',
  fix: 'refer to the certificate alone, and tell the owner of the key',
};

const EXPIRED: Complaint = {
  code: 'CONFIG_KEY',
  what: 'the certificate has expired',
  why: 'its owner no longer answers for the key',
  fix: 'ask its owner for the current certificate',
};

const EXPIRES_SOON: Complaint = {
  code: 'CONFIG_KEY',
  what: 'the certificate expires within 30 days',
  why: 'from then on the configuration is refused',
  fix: 'ask its owner for the next certificate; both can stand side by side',
};
