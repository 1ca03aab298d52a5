// The certificates of a wsse:BinarySecurityToken (X.509 Certificate Token Profile 1.1.1 §3.1): one, or a PKIPath. PKCS #7 is
// left out. What is read here is trusted by nobody yet: its path and its key are still to be proved.

import type { Buffer } from 'node:buffer';
import { X509Certificate } from 'node:crypto';
import { parseBase64 } from '#bridge/xml/base64.ts';
import { BASE64_BINARY } from '#bridge/xml/namespaces.ts';
import { textOf } from '#bridge/xml/reader.ts';
import { attributeOf, type XmlElement } from '#bridge/xml/tree.ts';
import { X509_PKI_PATH, X509_V3 } from '../names.ts';
import { readSecurely, SecurityFailure } from '../security-failure.ts';
import type { CertificateMemory } from './certificate-memory.ts';

/** A certificate and the ones that came with it, nearest to it first. */
export type CertificateChain = readonly [X509Certificate, ...X509Certificate[]];

/** More would only make us work before anything is proved. */
const MAX_CERTIFICATES = 6;
const MAX_CERTIFICATE_BYTES = 16 * 1024;

/** Reads the certificates of a BinarySecurityToken.
 * @throws {SecurityFailure} `invalid-security-token`, `unsupported-security-token` */
export function readX509Token(token: XmlElement, known?: CertificateMemory): CertificateChain {
  const encoding = attributeOf(token, 'EncodingType') ?? BASE64_BINARY;
  if (encoding !== BASE64_BINARY) throw invalid('EncodingType');
  const bytes = readSecurely('invalid-security-token', () => parseBase64(textOf(token)));
  const valueType = attributeOf(token, 'ValueType') ?? '';
  if (valueType === X509_PKI_PATH) return readPkiPath(bytes, known);
  if (valueType !== X509_V3)
    throw new SecurityFailure('unsupported-security-token', 'a certificate of another form');
  return [parseCertificate(bytes, known)];
}

/** A certificate from DER, and nothing behind it: bytes there would make another spelling of the same token. One that is known
 * is the same object as before.
 * @throws {SecurityFailure} `invalid-security-token` */
export function parseCertificate(der: Buffer, known?: CertificateMemory): X509Certificate {
  if (der.byteLength > MAX_CERTIFICATE_BYTES) throw invalid('certificate too large');
  const recalled = known?.recall(der);
  if (recalled) return recalled;
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(der);
  } catch (cause) {
    throw new SecurityFailure('invalid-security-token', 'no certificate', { cause });
  }
  // It also reads PEM: only what was put in comes out when it was DER.
  if (!certificate.raw.equals(der)) throw invalid('a certificate with something around it');
  return certificate;
}

// PkiPath ::= SEQUENCE OF Certificate, the one nearest to the anchor first (X.509 §9.7).
function readPkiPath(bytes: Buffer, known?: CertificateMemory): CertificateChain {
  const chain: X509Certificate[] = [];
  let rest = contentOf(bytes, bytes.byteLength);
  while (rest.byteLength > 0) {
    if (chain.length === MAX_CERTIFICATES) throw invalid('too many certificates');
    const end = lengthOf(rest);
    // Of one that is cut short this takes what is left, which then is no certificate.
    chain.unshift(parseCertificate(rest.subarray(0, end), known));
    rest = rest.subarray(end);
  }
  const [leaf, ...others] = chain;
  if (leaf === undefined) throw invalid('an empty path');
  return [leaf, ...others];
}

function contentOf(bytes: Buffer, end: number): Buffer {
  if (lengthOf(bytes) !== end) throw invalid('path of another length');
  return bytes.subarray(headerOf(bytes));
}

/** The length of the SEQUENCE that begins here, its header included. */
function lengthOf(bytes: Buffer): number {
  const header = headerOf(bytes);
  const first = bytes.readUInt8(1);
  return header + (first < 0x80 ? first : bytes.readUIntBE(2, header - 2));
}

function headerOf(bytes: Buffer): number {
  const first = bytes[1] ?? 0x80;
  const octets = first < 0x80 ? 0 : first - 0x80;
  // 0x80 is the indefinite length, which DER does not have.
  if (bytes[0] !== 0x30 || first === 0x80 || octets > 3 || bytes.byteLength < 2 + octets)
    throw invalid('no path of certificates');
  return 2 + octets;
}

function invalid(detail: string): SecurityFailure {
  return new SecurityFailure('invalid-security-token', detail);
}
