// The key that a holder-of-key confirmation names (SAML Core 2.0 §2.4.1.3, XMLDSig 1.1 §4.5), as core names keys:
// the SHA-256 of a certificate, or the thumbprint of the JWK (RFC 7638). It is not proved here.

import { Buffer } from 'node:buffer';
import {
  createPublicKey,
  hash,
  type JsonWebKey,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import { trustPublicKey } from '#bridge/xml/keys.ts';
import { DS_NS } from '#bridge/xml/namespaces.ts';
import type { Verified } from '#bridge/xml/proof.ts';
import { optionalVerifiedChild, verifiedChild } from '#bridge/xml/proof.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { attributeOf, elementsOf } from '#bridge/xml/tree.ts';
import type { Confirmation } from '#core/confirmation.ts';
import { bytesOf } from './element-reader.ts';
import { DSIG11_NS } from './names.ts';
import { refuse } from './refusal.ts';

interface Curve {
  readonly name: string;
  readonly coordinateBytes: number;
}

const CURVES: ReadonlyMap<string | undefined, Curve> = new Map([
  ['urn:oid:1.2.840.10045.3.1.7', { name: 'P-256', coordinateBytes: 32 }],
  ['urn:oid:1.3.132.0.34', { name: 'P-384', coordinateBytes: 48 }],
  ['urn:oid:1.3.132.0.35', { name: 'P-521', coordinateBytes: 66 }],
]);

/** The key of one KeyInfo. A certificate wins over a bare key beside it: it is what TLS and WS-Security prove.
 * @throws {ExchangeFailure} `confirmation-missing` when we cannot tell which key is meant, or it is too weak
 * @throws {XmlFailure} reading reasons, `key-refused` */
export function keyInfoConfirmation(keyInfo: Verified<XmlElement>): Confirmation {
  const data = optionalVerifiedChild(keyInfo, DS_NS, 'X509Data');
  const certificate = data && optionalVerifiedChild(data, DS_NS, 'X509Certificate');
  if (certificate) return certificateConfirmation(bytesOf(certificate));
  const value = optionalVerifiedChild(keyInfo, DS_NS, 'KeyValue');
  if (!value) refuse('confirmation-missing', 'a key that is neither certificate nor key value');
  const key = keyOf(keyValueJwk(value));
  trustPublicKey(key);
  return { method: 'jwk-thumbprint', thumbprint: jwkThumbprint(key) };
}

function certificateConfirmation(der: Uint8Array): Confirmation {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(der);
  } catch (cause) {
    return refuse(
      'confirmation-missing',
      `no certificate: ${cause instanceof Error ? cause.name : ''}`,
    );
  }
  trustPublicKey(certificate.publicKey);
  // Over the certificate alone: bytes behind it would make another name for the same one.
  return {
    method: 'certificate-thumbprint',
    thumbprint: hash('sha256', certificate.raw, 'base64url'),
  };
}

function keyValueJwk(value: Verified<XmlElement>): JsonWebKey {
  if (elementsOf(value).length !== 1) refuse('confirmation-missing', 'not one key value');
  const rsa = optionalVerifiedChild(value, DS_NS, 'RSAKeyValue');
  if (rsa) {
    const n = numberOf(verifiedChild(rsa, DS_NS, 'Modulus'));
    return { kty: 'RSA', n, e: numberOf(verifiedChild(rsa, DS_NS, 'Exponent')) };
  }
  const ec = optionalVerifiedChild(value, DSIG11_NS, 'ECKeyValue');
  if (!ec) refuse('confirmation-missing', 'a key value of another kind');
  return ecJwk(ec);
}

function ecJwk(ec: Verified<XmlElement>): JsonWebKey {
  const curve = CURVES.get(attributeOf(verifiedChild(ec, DSIG11_NS, 'NamedCurve'), 'URI'));
  const point = Buffer.from(bytesOf(verifiedChild(ec, DSIG11_NS, 'PublicKey')));
  // 4: the uncompressed form, the only one that XMLDSig 1.1 asks for.
  if (!curve || point[0] !== 4 || point.length !== 1 + 2 * curve.coordinateBytes)
    refuse('confirmation-missing', 'a curve or point that is not known');
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
    return refuse('confirmation-missing', 'the key value is no key');
  }
}

const numberOf = (element: Verified<XmlElement>): string =>
  Buffer.from(bytesOf(element)).toString('base64url');

/** The thumbprint of a public key (RFC 7638 §3), of its members as the runtime writes them: leading zeros in what was read
 * would make another name for the same key. */
function jwkThumbprint(key: KeyObject): string {
  const { kty, crv, x, y, n, e } = key.export({ format: 'jwk' });
  const members = kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y };
  return hash('sha256', JSON.stringify(members), 'base64url');
}
