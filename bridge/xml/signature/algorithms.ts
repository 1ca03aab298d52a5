// The algorithms we know (xml-security §5), one table per kind of key: a method of the secret table can't be reached
// with a public key, which is what an HMAC keyed by a certificate needs (B5, CVE-2025-48994).

import { XmlFailure } from '../failure.ts';
import { DS_NS, DSIG_MORE, DSIG_MORE_2007, EXC_C14N_NS, XENC_NS } from '../namespaces.ts';

/** Hash names as node:crypto spells them. */
export type HashName = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** A method verified or made with an asymmetric key. */
export interface PublicMethod {
  readonly family: 'rsa' | 'ec';
  readonly hash: HashName;
  readonly pss: boolean;
}

export const RSA_SHA256 = `${DSIG_MORE}rsa-sha256`;
export const ECDSA_SHA256 = `${DSIG_MORE}ecdsa-sha256`;
const HMAC_SHA1 = `${DS_NS}hmac-sha1`;
export const HMAC_SHA256 = `${DSIG_MORE}hmac-sha256`;
export const SHA256 = `${XENC_NS}sha256`;
export const ENVELOPED_SIGNATURE = `${DS_NS}enveloped-signature`;
export const EXC_C14N = EXC_C14N_NS;
export const INCLUSIVE_C14N = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
export const STR_TRANSFORM =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform';

const PUBLIC_METHODS: ReadonlyMap<string, PublicMethod> = new Map([
  [RSA_SHA256, { family: 'rsa', hash: 'sha256', pss: false }],
  [`${DSIG_MORE}rsa-sha384`, { family: 'rsa', hash: 'sha384', pss: false }],
  [`${DSIG_MORE}rsa-sha512`, { family: 'rsa', hash: 'sha512', pss: false }],
  [`${DSIG_MORE_2007}sha256-rsa-MGF1`, { family: 'rsa', hash: 'sha256', pss: true }],
  [`${DSIG_MORE_2007}sha384-rsa-MGF1`, { family: 'rsa', hash: 'sha384', pss: true }],
  [`${DSIG_MORE_2007}sha512-rsa-MGF1`, { family: 'rsa', hash: 'sha512', pss: true }],
  [ECDSA_SHA256, { family: 'ec', hash: 'sha256', pss: false }],
  [`${DSIG_MORE}ecdsa-sha384`, { family: 'ec', hash: 'sha384', pss: false }],
  [`${DSIG_MORE}ecdsa-sha512`, { family: 'ec', hash: 'sha512', pss: false }],
  // Verification only, and only where the caller switches it on (legacySha1).
  [`${DS_NS}rsa-sha1`, { family: 'rsa', hash: 'sha1', pss: false }],
]);

const SECRET_METHODS: ReadonlyMap<string, HashName> = new Map([
  // Verification only, and only where the caller switches it on (legacySha1).
  [HMAC_SHA1, 'sha1'],
  [HMAC_SHA256, 'sha256'],
  [`${DSIG_MORE}hmac-sha384`, 'sha384'],
  [`${DSIG_MORE}hmac-sha512`, 'sha512'],
]);

const DIGESTS: ReadonlyMap<string, HashName> = new Map([
  [SHA256, 'sha256'],
  [`${DSIG_MORE}sha384`, 'sha384'],
  [`${XENC_NS}sha512`, 'sha512'],
  [`${DS_NS}sha1`, 'sha1'],
]);

/** The method of an algorithm identifier for public keys.
 * @throws {XmlFailure} `algorithm-refused`, also for SHA-1 unless it is allowed */
export function publicMethod(identifier: string, legacySha1: boolean): PublicMethod {
  const method = found(PUBLIC_METHODS, 'signature', identifier);
  requireModern(method.hash, legacySha1);
  return method;
}

/** The hash of an HMAC identifier, for secret keys only.
 * @throws {XmlFailure} `algorithm-refused`, also for SHA-1 unless it is allowed */
export function secretMethod(identifier: string, legacySha1: boolean): HashName {
  return requireModern(found(SECRET_METHODS, 'signature', identifier), legacySha1);
}

/** Refuses a signature algorithm that no table holds, before any key is looked up.
 * @throws {XmlFailure} `algorithm-refused` */
export function requireSignatureAlgorithm(identifier: string, legacySha1: boolean): void {
  if (SECRET_METHODS.has(identifier)) secretMethod(identifier, legacySha1);
  else publicMethod(identifier, legacySha1);
}

/** The hash of a digest identifier.
 * @throws {XmlFailure} `algorithm-refused` */
export function digestMethod(identifier: string, legacySha1: boolean): HashName {
  return requireModern(found(DIGESTS, 'digest', identifier), legacySha1);
}

function found<Method>(
  known: ReadonlyMap<string, Method>,
  use: string,
  identifier: string,
): Method {
  const method = known.get(identifier);
  if (method === undefined) throw new XmlFailure('algorithm-refused', `${use}: ${identifier}`);
  return method;
}

function requireModern(hash: HashName, legacySha1: boolean): HashName {
  if (hash === 'sha1' && !legacySha1) throw new XmlFailure('algorithm-refused', 'SHA-1');
  return hash;
}
