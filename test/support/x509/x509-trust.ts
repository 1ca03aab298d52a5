// The terms for certificates of one trusted issuer, as a test wants them.
import { X509Certificate } from 'node:crypto';
import { parseCertificate } from '#src/trust/x509/certificate.ts';
import type { X509Trust } from '#src/trust/x509/x509-validator.ts';
import type { TestCertificate } from './pki.ts';

export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/** Trust in certificates below these anchors, named by their common name. */
export function anX509Trust(
  anchors: readonly TestCertificate[],
  over: Partial<X509Trust> = {},
): X509Trust {
  return {
    id: 'corp',
    issuer: 'urn:corp',
    anchors: anchors.map(({ pem }) => parseCertificate(pem)),
    intermediates: [],
    extendedKeyUsages: [CLIENT_AUTH],
    subject: { entries: [], source: 'commonName' },
    ...over,
  };
}

/** The certificate whose key was proved, in evidence of type `x509`: DER. */
export function firstCertificateOf(content: string | object): Buffer {
  const { certificates } = content as {
    readonly certificates: readonly (Uint8Array | X509Certificate)[];
  };
  const [first] = certificates;
  return Buffer.from(first instanceof X509Certificate ? first.raw : (first ?? []));
}
