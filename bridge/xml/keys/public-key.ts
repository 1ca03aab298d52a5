// A public key under all its names: as JWK, as certificate, and the thumbprints of both (RFC 7638, RFC 8705 §3.1).

import { hash, type KeyObject, type X509Certificate } from 'node:crypto';
import { XmlFailure } from '../failure.ts';
import { trustPublicKey } from './trusted-key.ts';

/** The members of a public JWK (RFC 7518 §6). */
type PublicJwk =
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string }
  | { readonly kty: 'EC'; readonly crv: string; readonly x: string; readonly y: string };

/** A bare public key. */
export interface NamedKey {
  readonly method: 'public-key';
  readonly jwk: PublicJwk;
  readonly jwkThumbprint: string;
}

/** The key of a certificate. */
export interface CertifiedKey extends NamedKey {
  /** DER, base64. */
  readonly certificate: string;
  readonly certificateThumbprint: string;
}

/** The names of a key, which must be strong enough. That somebody has its private half is not proved by it.
 * @throws {XmlFailure} `key-refused` */
export function nameKey(key: KeyObject): NamedKey {
  trustPublicKey(key);
  const jwk = jwkOf(key);
  return { method: 'public-key', jwk, jwkThumbprint: thumbprintOf(jwk) };
}

/** The names of the key of a certificate. Its path is not looked at.
 * @throws {XmlFailure} `key-refused`, also for a key of a kind that the runtime does not read */
export function nameCertificate(certificate: X509Certificate): CertifiedKey {
  const { raw } = certificate;
  return {
    ...nameKey(publicKeyOf(certificate)),
    certificate: raw.toString('base64'),
    certificateThumbprint: hash('sha256', raw, 'base64url'),
  };
}

// Strangers send certificates with whatever in them: the runtime reads the key when it is asked for.
function publicKeyOf(certificate: X509Certificate): KeyObject {
  try {
    return certificate.publicKey;
  } catch (cause) {
    throw new XmlFailure('key-refused', 'a key that cannot be read', { cause });
  }
}

// Members as the runtime writes them: leading zeros in what was read would make another name for the same key.
function jwkOf(key: KeyObject): PublicJwk {
  const { kty, crv = '', x = '', y = '', n = '', e = '' } = key.export({ format: 'jwk' });
  if (kty === 'RSA') return { kty, n, e };
  if (kty === 'EC') return { kty, crv, x, y };
  throw new XmlFailure('key-refused', 'key type');
}

/** The name of a key that was found strong enough before, however it was written (RFC 7638 §3). */
export function keyThumbprint(key: KeyObject): string {
  return thumbprintOf(jwkOf(key));
}

// RFC 7638 §3: the required members, in the order of their names.
function thumbprintOf(jwk: PublicJwk): string {
  const members =
    jwk.kty === 'RSA'
      ? { e: jwk.e, kty: jwk.kty, n: jwk.n }
      : { crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y };
  return hash('sha256', JSON.stringify(members), 'base64url');
}
