// Certificates of signers, read once. To parse one and to name its key takes a quarter of an RSA signature, and a client signs with the
// same key for a year. Remembered is what follows from the bytes alone: trust, time and revocation are asked anew each time.

import type { Buffer } from 'node:buffer';
import { hash, type X509Certificate } from 'node:crypto';
import { type CertifiedKey, nameCertificate } from '#bridge/xml/keys/public-key.ts';
import { type TrustedPublicKey, trustPublicKey } from '#bridge/xml/keys/trusted-key.ts';
import { putLast } from '#core/foreign/bounded-map.ts';

/** The key of a certificate, and its names. */
interface CertificateKey {
  readonly key: TrustedPublicKey;
  readonly confirmation: CertifiedKey;
}

/** What is known of certificates that were found good before. */
export interface CertificateMemory {
  /** A certificate of exactly these bytes, where one was kept. */
  recall(der: Buffer): X509Certificate | undefined;
  /** The key of a certificate.
   * @throws {XmlFailure} `key-refused` */
  keyOf(certificate: X509Certificate): CertificateKey;
  /** Keeps a certificate. Only for one that has a path: what anybody can send must not drive out what is in use. */
  keep(certificate: X509Certificate): void;
}

const MAX_CERTIFICATES = 1000;

/** An empty memory of bounded size: the certificate that was not used for longest goes first. */
export function createCertificateMemory(maxCertificates = MAX_CERTIFICATES): CertificateMemory {
  const kept = new Map<string, X509Certificate>();
  const keys = new WeakMap<X509Certificate, CertificateKey>();
  return {
    recall(der) {
      const name = nameOf(der);
      const certificate = kept.get(name);
      if (certificate) putLast(kept, [name, certificate], maxCertificates);
      return certificate;
    },
    keyOf(certificate) {
      const known = keys.get(certificate);
      if (known) return known;
      const confirmation = nameCertificate(certificate);
      const read = { confirmation, key: trustPublicKey(certificate.publicKey) };
      keys.set(certificate, read);
      return read;
    },
    keep(certificate) {
      putLast(kept, [nameOf(certificate.raw), certificate], maxCertificates);
    },
  };
}

const nameOf = (der: Buffer): string => hash('sha256', der, 'base64');
