// Finds a certificate that a message only names: by issuer and number, by the identifier of its key, by SHA-1 of it all. Finding
// is not trusting: its path is validated afterwards.
import { createHash, type X509Certificate } from 'node:crypto';
import { type Certificate, parseCertificate, subjectKeyIdentifier } from './certificate.ts';
import { DerFailure } from './der.ts';
import { type DistinguishedName, isSameName, nameKey, parseName } from './distinguished-name.ts';

/** A certificate by name. */
type CertificateName =
  | { readonly by: 'thumbprint'; readonly sha1: Buffer }
  | { readonly by: 'subject-key-identifier'; readonly identifier: Buffer }
  | { readonly by: 'issuer-serial'; readonly issuer: string; readonly serialNumber: bigint };

/** A finder over the certificates we know; with each question come those that the message presents. */
export function createCertificateFinder(known: readonly Certificate[]) {
  const readable = createReader();
  const index = createIndex(known);
  return (
    name: CertificateName,
    presented: readonly X509Certificate[],
  ): X509Certificate | undefined =>
    (index.find(name) ?? presented.flatMap(readable).find(matcherOf(name)))?.x509;
}

// Anybody can have us look for a certificate, before it is known who asks: those we know are never gone through for it.
function createIndex(known: readonly Certificate[]) {
  const byName = new Map<string, Certificate>();
  for (const certificate of known) {
    const identifier = unlessUnreadable(() => subjectKeyIdentifier(certificate));
    // Of several with one name the first counts.
    for (const key of [
      thumbprintKey(createHash('sha1').update(certificate.x509.raw).digest()),
      issuerKey(certificate.issuer, certificate.serialNumber),
      ...(identifier ? [identifierKey(identifier)] : []),
    ])
      if (!byName.has(key)) byName.set(key, certificate);
  }
  return {
    find(name: CertificateName): Certificate | undefined {
      const key = keyOf(name);
      return key === undefined ? undefined : byName.get(key);
    },
  };
}

const thumbprintKey = (sha1: Buffer): string => `thumbprint ${sha1.toString('hex')}`;
const identifierKey = (identifier: Buffer): string => `identifier ${identifier.toString('hex')}`;
const issuerKey = (issuer: DistinguishedName, serialNumber: bigint): string =>
  `issuer ${serialNumber} ${nameKey(issuer)}`;

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

// The same certificates come with each name that one message looks for.
function createReader(): (presented: X509Certificate) => readonly Certificate[] {
  const read = new WeakMap<X509Certificate, readonly Certificate[]>();
  return (presented) => {
    const found = read.get(presented) ?? unlessUnreadable(() => [parseCertificate(presented.raw)]);
    read.set(presented, found ?? []);
    return found ?? [];
  };
}

/** The name is read once, however many certificates there are. */
function matcherOf(name: CertificateName): (certificate: Certificate) => boolean {
  switch (name.by) {
    case 'thumbprint':
      return ({ x509 }) => createHash('sha1').update(x509.raw).digest().equals(name.sha1);
    case 'subject-key-identifier':
      return (certificate) =>
        unlessUnreadable(() => subjectKeyIdentifier(certificate))?.equals(name.identifier) === true;
    case 'issuer-serial': {
      const issuer = parseName(name.issuer);
      return (certificate) =>
        certificate.serialNumber === name.serialNumber &&
        issuer !== undefined &&
        isSameName(issuer, certificate.issuer);
    }
  }
}
