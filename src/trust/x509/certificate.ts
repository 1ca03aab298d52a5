// A certificate with what the runtime does not tell of it: names as structure, extensions with their criticality, the algorithm
// of its signature (RFC 5280 §4.1).
import { createHash, X509Certificate } from 'node:crypto';
import {
  bitStringOf,
  type Der,
  DerFailure,
  membersOf,
  naturalOf,
  objectIdentifierOf,
  readDer,
  readMembers,
  TAG,
  timeOf,
} from './der.ts';
import { type DistinguishedName, readName } from './distinguished-name.ts';

/** One extension. */
interface CertificateExtension {
  readonly isCritical: boolean;
  readonly value: Buffer;
}

export type Extensions = ReadonlyMap<string, CertificateExtension>;

export interface Certificate {
  readonly x509: X509Certificate;
  readonly serialNumber: bigint;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  /** As it is encoded, for digests over it. */
  readonly encodedSubject: Buffer;
  /** The octets of the key, without its algorithm. */
  readonly keyOctets: Buffer;
  /** Object identifier of the algorithm it is signed with. */
  readonly signatureAlgorithm: string;
  readonly extensions: Extensions;
  readonly notBefore: number;
  readonly notAfter: number;
}

export const EXTENSION = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  issuingDistributionPoint: '2.5.29.28',
  deltaCrlIndicator: '2.5.29.27',
  crlDistributionPoints: '2.5.29.31',
  extendedKeyUsage: '2.5.29.37',
  authorityInformationAccess: '1.3.6.1.5.5.7.1.1',
} as const;

/** Parses a certificate, PEM or DER.
 * @throws {DerFailure} */
export function parseCertificate(encoded: string | Uint8Array): Certificate {
  let x509: X509Certificate;
  try {
    x509 = new X509Certificate(encoded);
  } catch (cause) {
    throw new DerFailure('no certificate', { cause });
  }
  return readCertificate(x509);
}

/** Reads what the runtime does not tell of a certificate.
 * @throws {DerFailure} */
export function readCertificate(x509: X509Certificate): Certificate {
  const outer = readMembers(readDer(x509.raw));
  const tbs = readMembers(outer.take(TAG.sequence));
  tbs.takeIf(TAG.context(0));
  const serialNumber = naturalOf(tbs.take(TAG.integer));
  const inner = tbs.take(TAG.sequence);
  // Two algorithms, and one of them could be checked and the other be used (RFC 5280 §4.1.1.2).
  const algorithm = outer.take(TAG.sequence);
  if (!inner.raw.equals(algorithm.raw)) throw new DerFailure('two signature algorithms');
  const issuer = tbs.take(TAG.sequence);
  // Of a time that is none the runtime tells whatever lies in its memory, or no date, after which nothing is over.
  const validity = readMembers(tbs.take(TAG.sequence));
  const subject = tbs.take(TAG.sequence);
  const key = readMembers(tbs.take(TAG.sequence));
  key.take(TAG.sequence);
  tbs.takeIf(TAG.primitive(1));
  tbs.takeIf(TAG.primitive(2));
  return {
    x509,
    serialNumber,
    issuer: readName(issuer),
    subject: readName(subject),
    encodedSubject: subject.raw,
    keyOctets: bitStringOf(key.take(TAG.bitString)),
    signatureAlgorithm: algorithmOf(algorithm),
    extensions: readExtensions(tbs.takeIf(TAG.context(3))),
    notBefore: timeOf(validity.takeAny()),
    notAfter: timeOf(validity.takeAny()),
  };
}

/** The identifier of an AlgorithmIdentifier. */
export function algorithmOf(identifier: Der): string {
  return objectIdentifierOf(readMembers(identifier).take(TAG.objectIdentifier));
}

/** Of extensions, and of purposes: more than any certificate has. Those of strangers are read before anybody knows who asks. */
export const MAX_LISTED = 64;

/** Reads `[n] EXPLICIT Extensions`.
 * @throws {DerFailure} also when one is there twice: the first could be checked and the last be obeyed */
export function readExtensions(wrapped: Der | undefined): Extensions {
  const found = new Map<string, CertificateExtension>();
  const [list] = wrapped ? membersOf(wrapped) : [];
  for (const extension of list ? membersOf(list, MAX_LISTED) : []) {
    const members = readMembers(extension);
    const oid = objectIdentifierOf(members.take(TAG.objectIdentifier));
    const critical = members.takeIf(TAG.boolean);
    const { content } = members.take(TAG.octetString);
    if (found.has(oid)) throw new DerFailure('an extension twice');
    found.set(oid, {
      isCritical: critical !== undefined && critical.content[0] !== 0,
      value: content,
    });
  }
  return found;
}

/** The identifier of the key: what the certificate says, else the SHA-1 of the key (RFC 5280 §4.2.1.2). */
export function subjectKeyIdentifier({ extensions, keyOctets }: Certificate): Buffer {
  const extension = extensions.get(EXTENSION.subjectKeyIdentifier);
  if (extension) return readDer(extension.value).content;
  return createHash('sha1').update(keyOctets).digest();
}

/** The uses of the key by number of bit, or undefined when nothing is said (RFC 5280 §4.2.1.3). */
export function keyUsages({ extensions }: Certificate): ReadonlySet<number> | undefined {
  const extension = extensions.get(EXTENSION.keyUsage);
  if (!extension) return undefined;
  const { tag, content } = readDer(extension.value);
  if (tag !== TAG.bitString) throw new DerFailure('no KeyUsage');
  // Nine bits have a meaning, and strangers could send us very many.
  const bits = [...content.subarray(1, 3)].flatMap((octet, index) =>
    [...Array(8).keys()].filter((bit) => octet & (0x80 >> bit)).map((bit) => index * 8 + bit),
  );
  return new Set(bits);
}

export const KEY_USAGE = { digitalSignature: 0, nonRepudiation: 1, keyCertSign: 5, crlSign: 6 };

/** What the key may be used for, as object identifiers, or undefined when nothing is said. */
export function extendedKeyUsages({ extensions }: Certificate): readonly string[] | undefined {
  const extension = extensions.get(EXTENSION.extendedKeyUsage);
  return extension && membersOf(readDer(extension.value), MAX_LISTED).map(objectIdentifierOf);
}

/** Whether the certificate is one of an authority, and how many authorities may come below it (RFC 5280 §4.2.1.9). */
export function basicConstraints({ extensions }: Certificate): {
  readonly isAuthority: boolean;
  readonly pathLength?: number;
} {
  const extension = extensions.get(EXTENSION.basicConstraints);
  if (!extension) return { isAuthority: false };
  const members = readMembers(readDer(extension.value));
  const isAuthority = members.takeIf(TAG.boolean)?.content[0] === 0xff;
  const length = members.takeIf(TAG.integer);
  return { isAuthority, ...(length && { pathLength: Number(naturalOf(length)) }) };
}
