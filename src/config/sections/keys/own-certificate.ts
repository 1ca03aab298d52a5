// Certificates of our own keys: of the listener, of keys that sign and of those that others encrypt to.
import { createSecureContext } from 'node:tls';
import type { Instant } from '#core/instant.ts';
import type { Loading } from '../../loading.ts';
import type { Complaint, Path } from '../../problem.ts';
import type { SecretReference } from '../secret.ts';
import { certificateProblem, parseCertificate, privateKeyProblem } from './pem.ts';

/** Reads the certificate of a key. It must be of that very key; when it is good is for others to judge, so that is a warning: a server
 * that is started again must come up whatever the day. */
export async function readOwnCertificate(
  reference: SecretReference,
  { keyPem, path }: { readonly keyPem: string; readonly path: Path },
  loading: Loading,
): Promise<string> {
  const pem = await loading.read(reference, path);
  const problem = pem === '' || keyPem === '' ? undefined : certificateProblem(pem, keyPem);
  if (problem) loading.error(path, problem);
  else if (pem !== '') warnOfTimes(pem, path, loading);
  return pem;
}

/** Reads what we show ourselves with over TLS: a key, and the certificate of that key. */
export async function readTlsIdentity(
  { certificate, key }: { readonly certificate: SecretReference; readonly key: SecretReference },
  path: Path,
  loading: Loading,
): Promise<{ readonly certificatePem: string; readonly keyPem: string }> {
  const keyPem = await loading.read(key, [...path, 'key']);
  const problem = keyPem === '' ? undefined : privateKeyProblem(keyPem);
  if (problem) loading.error([...path, 'key'], problem);
  const place = { keyPem: problem ? '' : keyPem, path: [...path, 'certificate'] };
  const certificatePem = await readOwnCertificate(certificate, place, loading);
  const unusable = problem ? undefined : tlsProblem(certificatePem, keyPem);
  if (unusable) loading.error(place.path, unusable);
  return { certificatePem, keyPem };
}

/** Why TLS does not take a certificate and its key, where they are that: a key that is too short, or a chain that is broken further on.
 * Else a start would end of it, and a reload half way. */
function tlsProblem(certificatePem: string, keyPem: string): Complaint | undefined {
  if (keyPem === '' || certificatePem === '' || certificateProblem(certificatePem, keyPem))
    return undefined;
  try {
    createSecureContext({ cert: certificatePem, key: keyPem });
    return undefined;
  } catch (cause) {
    const { message, reason = message } = cause as Error & { readonly reason?: string };
    return {
      code: 'CONFIG_KEY',
      what: `TLS does not take it: ${reason}`,
      why: 'nobody could connect',
      fix: 'refer to a whole chain in PEM, of keys and signatures as strong as TLS wants them (RSA: 2048 bits or more)',
    };
  }
}

const instantOf = (date: Date): Instant => date.getTime() / 1000;

function warnOfTimes(pem: string, path: Path, loading: Loading): void {
  const certificate = parseCertificate(pem);
  // Of a key that has its complaint already.
  if (!certificate) return;
  // One that ends soon is no news where it is renewed by itself, every few days at some: the log and the metrics tell of it.
  if (instantOf(certificate.validToDate) <= loading.now) loading.warn(path, complaint('has ended'));
  else if (instantOf(certificate.validFromDate) > loading.now)
    loading.warn(path, complaint('is not good yet'));
}

const complaint = (what: string): Complaint => ({
  code: 'CONFIG_KEY',
  what: `the certificate ${what}`,
  why: 'others refuse what comes with a certificate that is not good',
  fix: 'refer to its successor; a reload takes it',
});
