// ds:KeyInfo (XMLDSig 1.1 §4.5, SAML Core 2.0 §2.4.1.3): the public key in it, read from X509Data or KeyValue, and the forms we
// write. What is read says whose key is meant and proves nothing: no signature is verified with it.

import { Buffer } from 'node:buffer';
import { createPublicKey, type JsonWebKey, type KeyObject, X509Certificate } from 'node:crypto';
import { parseBase64, writeBase64 } from '../base64.ts';
import { type AttributePair, element, type Markup } from '../canonical/markup.ts';
import { XmlFailure } from '../failure.ts';
import { BASE64_BINARY, DS_NS, DSIG11_NS, THUMBPRINT_SHA1, wsse } from '../namespaces.ts';
import { optionalChild, requiredChild, textOf } from '../reader.ts';
import { attributeOf, elementsOf, type XmlElement } from '../tree.ts';
import { type CertifiedKey, type NamedKey, nameCertificate, nameKey } from './public-key.ts';

interface Curve {
  readonly oid: string;
  readonly name: string;
  readonly coordinateBytes: number;
}

const CURVES: readonly Curve[] = [
  { oid: 'urn:oid:1.2.840.10045.3.1.7', name: 'P-256', coordinateBytes: 32 },
  { oid: 'urn:oid:1.3.132.0.34', name: 'P-384', coordinateBytes: 48 },
  { oid: 'urn:oid:1.3.132.0.35', name: 'P-521', coordinateBytes: 66 },
];

/** Reads the one key of a KeyInfo. A certificate tells more than a bare key beside it, which must be the same (XMLDSig 1.1 §4.5): of two, one
 * reader would take the one and another the other.
 * @throws {XmlFailure} `key-refused` when we cannot tell which key is meant, or it is too weak; reasons of reading */
export function readKeyInfo(keyInfo: XmlElement): NamedKey | CertifiedKey {
  const data = optionalChild(keyInfo, DS_NS, 'X509Data');
  const certificate = data && optionalChild(data, DS_NS, 'X509Certificate');
  const certified = certificate && nameCertificate(certificateOf(bytesOf(certificate)));
  const value = optionalChild(keyInfo, DS_NS, 'KeyValue');
  const bare = value && readKeyValue(value);
  if (certified && bare && certified.jwkThumbprint !== bare.jwkThumbprint)
    return refuse('two keys in one KeyInfo');
  return certified ?? bare ?? refuse('a key that is neither certificate nor key value');
}

/** Reads a bare RSAKeyValue, as some clients write it without the KeyValue around.
 * @throws {XmlFailure} as {@link readKeyInfo} */
export function readRsaKeyValue(rsa: XmlElement): NamedKey {
  return nameKey(keyOf(rsaJwk(rsa)));
}

/** Reads a KeyValue: RSA, or EC on the three curves we know.
 * @throws {XmlFailure} as {@link readKeyInfo} */
export function readKeyValue(value: XmlElement): NamedKey {
  if (elementsOf(value).length > 1) return refuse('two key values');
  return nameKey(keyOf(keyValueJwk(value)));
}

/** Writes a KeyInfo: the certificate where there is one, else the key. */
export function writeKeyInfo(key: Pick<NamedKey, 'jwk'> & Partial<CertifiedKey>): Markup {
  if (key.certificate !== undefined) return x509KeyInfo(Buffer.from(key.certificate, 'base64'));
  return ds('KeyInfo', [ds('KeyValue', [writeKey(key.jwk)])]);
}

/** KeyInfo with one X.509 certificate, given as DER. */
export function x509KeyInfo(certificate: Uint8Array): Markup {
  return ds('KeyInfo', [ds('X509Data', [ds('X509Certificate', [writeBase64(certificate)])])]);
}

/** KeyInfo of an EncryptedKey as WS-Security stacks read it (WSS 1.1.1 §7.3, Basic Security Profile R5426): a reference to the
 * recipient's certificate. SHA-1 only names it here. */
export function thumbprintKeyInfo({ fingerprint }: X509Certificate): Markup {
  const thumbprint = writeBase64(Buffer.from(fingerprint.replaceAll(':', ''), 'hex'));
  const attributes: readonly AttributePair[] = [
    ['EncodingType', BASE64_BINARY],
    ['ValueType', THUMBPRINT_SHA1],
  ];
  const identifier = element(wsse('KeyIdentifier'), attributes, [thumbprint]);
  return ds('KeyInfo', [element(wsse('SecurityTokenReference'), [], [identifier])]);
}

function writeKey(jwk: NamedKey['jwk']): Markup {
  if (jwk.kty === 'RSA')
    return ds('RSAKeyValue', [ds('Modulus', [base64(jwk.n)]), ds('Exponent', [base64(jwk.e)])]);
  const curve = CURVES.find(({ name }) => name === jwk.crv);
  if (!curve) throw new XmlFailure('key-refused', 'curve');
  const point = Buffer.concat([
    Buffer.from([4]),
    Buffer.from(jwk.x, 'base64url'),
    Buffer.from(jwk.y, 'base64url'),
  ]);
  return dsig11('ECKeyValue', [
    element({ prefix: 'dsig11', uri: DSIG11_NS, local: 'NamedCurve' }, [['URI', curve.oid]]),
    dsig11('PublicKey', [writeBase64(point)]),
  ]);
}

function certificateOf(der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    return refuse(`no certificate: ${cause instanceof Error ? cause.name : ''}`);
  }
}

function keyValueJwk(value: XmlElement): JsonWebKey {
  const rsa = optionalChild(value, DS_NS, 'RSAKeyValue');
  if (rsa) return rsaJwk(rsa);
  const ec = optionalChild(value, DSIG11_NS, 'ECKeyValue');
  return ec ? ecJwk(ec) : refuse('a key value of another kind');
}

// One of more parts could be another key to another reader.
function requireTwoParts(key: XmlElement): void {
  if (elementsOf(key).length > 2)
    throw new XmlFailure('element-unexpected', `more in ${key.local} than a key`);
}

function rsaJwk(rsa: XmlElement): JsonWebKey {
  requireTwoParts(rsa);
  const n = numberOf(requiredChild(rsa, DS_NS, 'Modulus'));
  return { kty: 'RSA', n, e: numberOf(requiredChild(rsa, DS_NS, 'Exponent')) };
}

function ecJwk(ec: XmlElement): JsonWebKey {
  requireTwoParts(ec);
  const oid = attributeOf(requiredChild(ec, DSIG11_NS, 'NamedCurve'), 'URI');
  const curve = CURVES.find((known) => known.oid === oid);
  const point = bytesOf(requiredChild(ec, DSIG11_NS, 'PublicKey'));
  // 4: the uncompressed form, the only one that XMLDSig 1.1 asks for.
  if (!curve || point[0] !== 4 || point.length !== 1 + 2 * curve.coordinateBytes)
    return refuse('a curve or point that is not known');
  const middle = 1 + curve.coordinateBytes;
  return {
    kty: 'EC',
    crv: curve.name,
    x: point.toString('base64url', 1, middle),
    y: point.toString('base64url', middle),
  };
}

function keyOf(jwk: JsonWebKey): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return refuse('the key value is no key');
  }
}

const bytesOf = (text: XmlElement): Buffer => parseBase64(textOf(text));
const numberOf = (text: XmlElement): string => bytesOf(text).toString('base64url');
const base64 = (member: string): string => writeBase64(Buffer.from(member, 'base64url'));
const ds = (local: string, children: readonly (Markup | string)[]): Markup =>
  element({ prefix: 'ds', uri: DS_NS, local }, [], children);
const dsig11 = (local: string, children: readonly (Markup | string)[]): Markup =>
  element({ prefix: 'dsig11', uri: DSIG11_NS, local }, [], children);

function refuse(detail: string): never {
  throw new XmlFailure('key-refused', detail);
}
