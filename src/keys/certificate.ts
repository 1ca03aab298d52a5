// Self-signed certificates for a first start on localhost and for SAML keys (RFC 5280 §4.1).
// Written by hand: the usual package patches the global Reflect, which a security product does not load for this.
import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import type { Instant } from '#core/instant.ts';
import * as asn1 from './der.ts';

interface CertificateRequest {
  /** PKCS8 of an RSA or P-256/384 key. */
  readonly keyPem: string;
  readonly commonName: string;
  /** DNS names and IPv4 or IPv6 addresses a TLS client may use; none: not for TLS. */
  readonly hosts?: readonly string[];
  /** Others encrypt to it; absent: they verify with it. */
  readonly isToEncryptTo?: boolean;
  readonly notBefore: Instant;
  readonly lifetimeSeconds: number;
}

const COMMON_NAME = '2.5.4.3';
const KEY_USAGE = '2.5.29.15';
const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
const BASIC_CONSTRAINTS = '2.5.29.19';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const ASN1_NULL = Buffer.from([5, 0]);

interface SignatureForm {
  readonly identifier: Buffer;
  readonly digest: string;
}

function signatureFormOf({
  asymmetricKeyType: type,
  asymmetricKeyDetails: details,
}: KeyObject): SignatureForm {
  const form = (oid: string, digest: string, ...parameters: readonly Buffer[]): SignatureForm => ({
    identifier: asn1.sequence(asn1.objectIdentifier(oid), ...parameters),
    digest,
  });
  if (type === 'rsa') return form('1.2.840.113549.1.1.11', 'sha256', ASN1_NULL);
  if (details?.namedCurve === 'prime256v1') return form('1.2.840.10045.4.3.2', 'sha256');
  if (details?.namedCurve === 'secp384r1') return form('1.2.840.10045.4.3.3', 'sha384');
  throw new Error('certificates are made for RSA, P-256 and P-384 keys');
}

// A positive number of at most 20 octets with more than 64 random bits (RFC 5280 §4.1.2.2, BR §7.1).
function serialNumber(): Buffer {
  const octets = randomBytes(16);
  octets[0] = ((octets[0] ?? 0) & 0x7f) | 0x40;
  return asn1.integer(octets);
}

function nameOf(commonName: string): Buffer {
  if (!/^[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,63}$/.test(commonName))
    throw new Error('a common name may have letters, digits, space and . _ : / - only');
  const attribute = asn1.sequence(asn1.objectIdentifier(COMMON_NAME), asn1.utf8String(commonName));
  return asn1.sequence(asn1.set(attribute));
}

function ipv6Octets(address: string): Buffer {
  // The URL parser writes every spelling in one form; at most one `::` is left to fill in.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const after = groups(tail ?? '');
  const missing = 8 - groups(head).length - after.length;
  const all = [...groups(head), ...Array<string>(missing).fill('0'), ...after];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function generalName(host: string): Buffer {
  if (isIPv4(host)) return asn1.der(0x87, Buffer.from(host.split('.').map(Number)));
  if (isIPv6(host)) return asn1.der(0x87, ipv6Octets(host));
  if (!/^[A-Za-z0-9.-]{1,253}$/.test(host))
    throw new Error('a host must be a DNS name or an IP address');
  return asn1.der(0x82, Buffer.from(host));
}

function extension(oid: string, isCritical: boolean, value: Buffer): Buffer {
  const critical = isCritical ? [asn1.boolean(true)] : [];
  return asn1.sequence(asn1.objectIdentifier(oid), ...critical, asn1.octetString(value));
}

/** RFC 5280 §4.2.1.3, as the bits of a BIT STRING. */
const DIGITAL_SIGNATURE = asn1.bitString(Buffer.from([0x80]), 7);
const KEY_ENCIPHERMENT = asn1.bitString(Buffer.from([0x20]), 5);

function extensionsOf({ hosts = [], isToEncryptTo = false }: CertificateRequest): Buffer {
  const forTls =
    hosts.length === 0
      ? []
      : [
          extension(SUBJECT_ALTERNATIVE_NAME, false, asn1.sequence(...hosts.map(generalName))),
          extension(EXTENDED_KEY_USAGE, false, asn1.sequence(asn1.objectIdentifier(SERVER_AUTH))),
        ];
  // Not an authority, and one usage only: whoever trusts it trusts this one key and nothing that it signs.
  return asn1.der(
    0xa3,
    asn1.sequence(
      extension(BASIC_CONSTRAINTS, true, asn1.sequence()),
      extension(KEY_USAGE, true, isToEncryptTo ? KEY_ENCIPHERMENT : DIGITAL_SIGNATURE),
      ...forTls,
    ),
  );
}

const dateOf = (instant: Instant): Date => new Date(instant * 1000);

function pemOf(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** Makes a self-signed certificate, PEM.
 * @throws {Error} when the key, the name or a host cannot be used */
export function issueSelfSignedCertificate(request: CertificateRequest): string {
  const { commonName, keyPem, lifetimeSeconds, notBefore } = request;
  const key = createPrivateKey(keyPem);
  const { digest, identifier } = signatureFormOf(key);
  const name = nameOf(commonName);
  const toBeSigned = asn1.sequence(
    asn1.der(0xa0, asn1.integer(Buffer.from([2]))),
    serialNumber(),
    identifier,
    name,
    asn1.sequence(asn1.time(dateOf(notBefore)), asn1.time(dateOf(notBefore + lifetimeSeconds))),
    name,
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    extensionsOf(request),
  );
  const signature = sign(digest, toBeSigned, key);
  return pemOf(asn1.sequence(toBeSigned, identifier, asn1.bitString(signature)));
}
