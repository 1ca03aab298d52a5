// Finds a certificate that a message only names: by issuer and number, by the identifier of its key, by SHA-1 of it all. Finding
// is not trusting: its path is validated afterwards.
import { createHash, type X509Certificate } from 'node:crypto';
import { type Certificate, readCertificate, subjectKeyIdentifier } from './certificate.ts';
import { DerFailure } from './der.ts';
import { type DistinguishedName, nameKey, parseName } from './distinguished-name.ts';

/** A certificate by name. */
type CertificateName =
  | { readonly by: 'thumbprint'; readonly sha1: Buffer }
  | { readonly by: 'subject-key-identifier'; readonly identifier: Buffer }
  | { readonly by: 'issuer-serial'; readonly issuer: string; readonly serialNumber: bigint };

/** A finder over the certificates we know; with each question come those that the message presents. */
export function createCertificateFinder(known: readonly Certificate[]) {
  const index = createIndex(known);
  const indexOf = createPresentedIndex();
  return (
    name: CertificateName,
    presented: readonly X509Certificate[],
  ): X509Certificate | undefined => {
    const key = keyOf(name);
    return key === undefined ? undefined : (index.get(key) ?? indexOf(presented).get(key))?.x509;
  };
}

/** Certificates by each of their names. */
type CertificateIndex = ReadonlyMap<string, Certificate>;

// Anybody can have us look for a certificate, before it is known who asks: those we know are never gone through for it.
function createIndex(certificates: readonly Certificate[]): CertificateIndex {
  const byName = new Map<string, Certificate>();
  for (const certificate of certificates) {
    const identifier = unlessUnreadable(() => subjectKeyIdentifier(certificate));
    // Of several with one name the first counts.
    for (const key of [
      thumbprintKey(createHash('sha1').update(certificate.x509.raw).digest()),
      issuerKey(certificate.issuer, certificate.serialNumber),
      ...(identifier ? [identifierKey(identifier)] : []),
    ])
      if (!byName.has(key)) byName.set(key, certificate);
  }
  return byName;
}

const thumbprintKey = (sha1: Buffer): string => `thumbprint ${sha1.toString('hex')}`;
const identifierKey = (identifier: Buffer): string => `identifier ${identifier.toString('hex')}`;
const issuerKey = (issuer: DistinguishedName, serialNumber: bigint): string =>
  // To write it in decimal takes time quadratic in its length, and whoever presents a certificate chooses that.
  `issuer ${serialNumber.toString(16)} ${nameKey(issuer)}`;

function keyOf(name: CertificateName): string | undefined {
  switch (name.by) {
    case 'thumbprint':
      return thumbprintKey(name.sha1);
    case 'subject-key-identifier':
      return identifierKey(name.identifier);
    case 'issuer-serial': {
      const issuer = parseName(name.issuer);
      return issuer && issuerKey(issuer, name.serialNumber);
    }
  }
}

// Whoever presents certificates chooses what is in them: one that cannot be read hides no other.
function unlessUnreadable<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof DerFailure) return undefined;
    throw cause;
  }
}

// The same certificates come with each name that one signature looks for, and whoever presents them chooses how long theirs are.
function createPresentedIndex(): (presented: readonly X509Certificate[]) => CertificateIndex {
  const indexes = new WeakMap<readonly X509Certificate[], CertificateIndex>();
  const read = (certificate: X509Certificate): readonly Certificate[] =>
    unlessUnreadable(() => [readCertificate(certificate)]) ?? [];
  return (presented) => {
    const index = indexes.get(presented) ?? createIndex(presented.flatMap(read));
    indexes.set(presented, index);
    return index;
  };
}
