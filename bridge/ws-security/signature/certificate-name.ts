// Certificates that a message names and does not hold as a token (WSS 1.1.1 §7.3, X.509 Certificate Token Profile 1.1.1 §3.2): by issuer and
// serial number, by key identifier or by thumbprint; or holds in the reference itself.

import { createHash, type X509Certificate } from 'node:crypto';
import { parseBase64 } from '#bridge/xml/base64.ts';
import { DS_NS, THUMBPRINT_SHA1, WSSE_NS } from '#bridge/xml/namespaces.ts';
import { optionalChild, requiredChild, textOf, trimmedTextOf } from '#bridge/xml/reader.ts';
import { attributeOf, elementsOf, isNamed, type XmlElement } from '#bridge/xml/tree.ts';
import { X509_SUBJECT_KEY_IDENTIFIER, X509_V3 } from '../names.ts';
import { readSecurely, SecurityFailure } from '../security-failure.ts';
import type { CertificateMemory } from '../tokens/certificate-memory.ts';
import { onlyForm, parseIdentifier } from '../tokens/token-reference.ts';
import { type CertificateChain, parseCertificate } from '../tokens/x509-token.ts';

/** A certificate by name, where the message does not hold it. */
type CertificateName =
  | { readonly by: 'thumbprint'; readonly sha1: Buffer }
  | { readonly by: 'subject-key-identifier'; readonly identifier: Buffer }
  | { readonly by: 'issuer-serial'; readonly issuer: string; readonly serialNumber: bigint };

/** Finds a certificate among those we know and those that are presented. */
export type CertificateFinder = (
  name: CertificateName,
  presented: readonly X509Certificate[],
) => X509Certificate | undefined;

/** Where a certificate may be found. */
export interface CertificateScope {
  readonly findCertificate?: CertificateFinder | undefined;
  readonly certificates?: CertificateMemory | undefined;
  /** The certificates of the header, read when the first is looked for and not again: a signature has many references, whose signer may
   * be anybody, and each may name one (xml-security B10). */
  readonly presented: () => readonly X509Certificate[];
}

/** The certificate that a SecurityTokenReference names otherwise than by a token; undefined for all other references.
 * @throws {SecurityFailure} `security-token-unavailable`, `invalid-security-token`, `failed-authentication` */
export function readCertificateName(
  reference: XmlElement,
  scope: CertificateScope,
): CertificateChain | undefined {
  const data = optionalChild(reference, DS_NS, 'X509Data');
  if (data) return readX509Data(onlyForm(reference, data), scope);
  const identifier = optionalChild(reference, WSSE_NS, 'KeyIdentifier');
  return identifier && readIdentifier(onlyForm(reference, identifier), scope);
}

/** The certificate of a key identifier, or undefined when it is one of an assertion. */
function readIdentifier(form: XmlElement, scope: CertificateScope): CertificateChain | undefined {
  const valueType: string = attributeOf(form, 'ValueType') ?? '';
  const bytes = () => parseIdentifier(form);
  switch (valueType) {
    case X509_V3:
      return [parseCertificate(bytes(), scope.certificates)];
    case THUMBPRINT_SHA1:
      return find({ by: 'thumbprint', sha1: bytes() }, scope);
    case X509_SUBJECT_KEY_IDENTIFIER:
      return find({ by: 'subject-key-identifier', identifier: bytes() }, scope);
    default:
      return undefined;
  }
}

/** The certificate that an X509Data holds or names.
 * @throws {SecurityFailure} `security-token-unavailable`, `invalid-security-token`, `failed-authentication` */
export function readX509Data(data: XmlElement, scope: CertificateScope): CertificateChain {
  return readSecurely('invalid-security-token', () => {
    const [form, second] = elementsOf(data);
    if (form === undefined || second !== undefined) throw unavailable('one form of X509Data');
    if (isNamed(form, DS_NS, 'X509Certificate'))
      return [parseCertificate(parseBase64(textOf(form)), scope.certificates)];
    if (isNamed(form, DS_NS, 'X509SKI'))
      return find({ by: 'subject-key-identifier', identifier: parseBase64(textOf(form)) }, scope);
    if (!isNamed(form, DS_NS, 'X509IssuerSerial')) throw unavailable('form of X509Data');
    const issuer = trimmedTextOf(requiredChild(form, DS_NS, 'X509IssuerName'));
    const serial = trimmedTextOf(requiredChild(form, DS_NS, 'X509SerialNumber'));
    return find({ by: 'issuer-serial', issuer, serialNumber: serialNumberOf(serial) }, scope);
  });
}

// RFC 5280 §4.1.2.2: 20 octets at most.
function serialNumberOf(text: string): bigint {
  if (!/^\d{1,49}$/.test(text)) throw unavailable('serial number');
  return BigInt(text);
}

function find(name: CertificateName, scope: CertificateScope): CertificateChain {
  const presented = scope.presented();
  const found =
    name.by === 'thumbprint'
      ? presented.find(({ raw }) => createHash('sha1').update(raw).digest().equals(name.sha1))
      : undefined;
  const certificate = found ?? scope.findCertificate?.(name, presented);
  // As of a certificate that is known and did not sign: which are, is told to nobody (xml-security E9).
  if (!certificate)
    throw new SecurityFailure('failed-authentication', 'no certificate of this name', {
      reason: 'token-malformed',
    });
  return [certificate];
}

function unavailable(detail: string): SecurityFailure {
  return new SecurityFailure('security-token-unavailable', detail);
}
