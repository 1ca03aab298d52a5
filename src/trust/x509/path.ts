// The path of a certificate to an anchor (RFC 5280 §6.1), for the paths that clients have: no policies, and name constraints are
// refused where they appear. A link is a signature that verifies with the issuer's key: a name alone is no link, anybody can
// found an authority of the same name.
import type { KeyObject } from 'node:crypto';
import { ExchangeFailure } from '#core/failure.ts';
import type { Instant } from '#core/instant.ts';
import {
  basicConstraints,
  type Certificate,
  EXTENSION,
  extendedKeyUsages,
  KEY_USAGE,
  keyUsages,
} from './certificate.ts';
import { DerFailure } from './der.ts';
import type { LinkMemory } from './link-memory.ts';
import { SIGNATURE_HASHES } from './signed-structure.ts';

/** What a path must lead to, and what its end must be for. */
export interface PathTerms {
  readonly anchors: readonly Certificate[];
  /** Authorities between that clients need not send. */
  readonly intermediates: readonly Certificate[];
  /** One of them must be allowed; object identifiers. */
  readonly extendedKeyUsages: readonly string[];
}

/** A certificate and what came with it. */
export interface PresentedCertificate {
  readonly certificate: Certificate;
  readonly presented: readonly Certificate[];
}

/** When a path is to be good, and the links that were found before. */
export interface Moment {
  readonly now: Instant;
  readonly links: LinkMemory;
  /** The certificate was found good before. When it is over its path is looked at as of its end: nobody keeps one up for it after that. */
  readonly wasGood?: boolean;
}

/** A path, the certificate itself first, the anchor last; the certificate alone where it is an anchor. */
export type CertificatePath = readonly Certificate[];

const MAX_LENGTH = 8;
/** Signatures that do not verify though names fit: after a change of keys under one name there are a few, else there is none. */
const MAX_WRONG_LINKS = 8;
/** Presented certificates in the name of one issuer that it did not sign. A stranger can send as many as we take, and a client has none: with
 * P-521 each takes 1.6 ms. */
const MAX_WRONG_OF_ISSUER = 2;
/** Issuers whose names fit: authorities that certify each other must not keep us busy. */
const MAX_ISSUERS_TRIED = 32;

const ANY_EXTENDED_USAGE = '2.5.29.37.0';
const CERTIFICATE_POLICIES = '2.5.29.32';
const NAME_CONSTRAINTS = '2.5.29.30';
const PROCESSED: ReadonlySet<string> = new Set([
  EXTENSION.basicConstraints,
  EXTENSION.extendedKeyUsage,
  EXTENSION.keyUsage,
  EXTENSION.subjectAlternativeName,
  CERTIFICATE_POLICIES,
]);

const MIN_RSA_BITS = 2048;
/** Whoever presents certificates chooses their keys: with a long exponent one signature takes forty times as long to check as to make. */
const MAX_RSA_BITS = 8192;
const MAX_EXPONENT = 0xffffffffn;
/** Encoded, no key within these bounds is longer. */
const MAX_KEY_OCTETS = 1100;
const KEY_TYPES: ReadonlySet<string | undefined> = new Set(['rsa', 'ec', 'ed25519']);

/** A path that is good now. Of several the first that is good in every part.
 * @throws {ExchangeFailure} `issuer-untrusted`, `token-expired`, `token-not-yet-valid`, `token-malformed` */
export function findPath(
  { certificate, presented }: PresentedCertificate,
  terms: PathTerms,
  { links, now, wasGood = false }: Moment,
): CertificatePath {
  const search: Search = {
    terms,
    presented,
    links,
    now,
    asOf: wasGood ? Math.min(now, certificate.notAfter) : now,
    tried: 0,
    wrong: [],
    failure: undefined,
  };
  validateEnd(certificate, terms);
  const path = isAnchor(certificate, terms)
    ? validated([certificate], search)
    : extend([certificate], search);
  if (path) return path;
  throw search.failure ?? refusal('issuer-untrusted', 'no path to an anchor');
}

interface Search extends Moment {
  readonly terms: PathTerms;
  readonly presented: readonly Certificate[];
  /** None may have ended by then. One that began since counts: an authority that goes on has another certificate. */
  readonly asOf: number;
  tried: number;
  /** What the issuers of a certificate by name did not sign. */
  readonly wrong: (readonly [certificate: Certificate, issuer: Certificate])[];
  failure: ExchangeFailure | undefined;
}

function extend(path: CertificatePath, search: Search): CertificatePath | undefined {
  const last = path.at(-1);
  if (!last || path.length >= MAX_LENGTH) return undefined;
  const { anchors, intermediates } = search.terms;
  for (const issuer of [...anchors, ...intermediates, ...search.presented]) {
    if (path.some(({ x509 }) => x509.raw.equals(issuer.x509.raw))) continue;
    if (!isNamedIssuer(last, issuer, search)) continue;
    const longer = [...path, issuer];
    const found = isAnchor(issuer, search.terms)
      ? validated(longer, search)
      : extend(longer, search);
    if (found) return found;
  }
  return undefined;
}

function isAnchor({ x509 }: Certificate, { anchors }: PathTerms): boolean {
  return anchors.some((anchor) => anchor.x509.raw.equals(x509.raw));
}

// Names, key identifiers and usage of the key.
function isNamedIssuer({ x509 }: Certificate, issuer: Certificate, search: Search): boolean {
  if (search.links.has(x509, issuer.x509)) return true;
  if (search.tried >= MAX_ISSUERS_TRIED || !x509.checkIssued(issuer.x509)) return false;
  // Not those of other names: there may be hundreds of anchors.
  search.tried += 1;
  return isAffordable(issuer);
}

// From the anchor down: each signature is checked with a key that was proved. Upwards it would be with whatever keys somebody presents,
// who can make as many that certify each other as we take.
function isLinked(path: CertificatePath, search: Search): boolean {
  return path
    .slice(1)
    .map((issuer, index) => [path[index], issuer] as const)
    .toReversed()
    .every(([certificate, issuer]) => certificate && isIssuedBy(certificate, issuer, search));
}

function isIssuedBy(certificate: Certificate, issuer: Certificate, search: Search): boolean {
  const { links, terms, wrong } = search;
  const { x509 } = certificate;
  if (links.has(x509, issuer.x509)) return true;
  const ofIssuer = wrong.flatMap(([one, other]) => (other === issuer ? [one] : []));
  // Not those that we know, of which several may have one name: no stranger says how many there are.
  const presented = ofIssuer.filter((each) => !terms.intermediates.includes(each));
  const isWrongAgain = presented.length === MAX_WRONG_OF_ISSUER;
  if (ofIssuer.includes(certificate) || isWrongAgain || wrong.length === MAX_WRONG_LINKS)
    return false;
  const isLink = x509.verify(issuer.x509.publicKey);
  if (isLink) links.add(x509, issuer.x509);
  else wrong.push([certificate, issuer]);
  return isLink;
}

function isAffordable({ keyOctets, x509: { publicKey } }: Certificate): boolean {
  // To read a long exponent takes the runtime time quadratic in its length.
  if (keyOctets.byteLength > MAX_KEY_OCTETS) return false;
  const { asymmetricKeyDetails: details, asymmetricKeyType: type } = publicKey;
  const { modulusLength = 0, publicExponent = 0n } = details ?? {};
  return KEY_TYPES.has(type) && modulusLength <= MAX_RSA_BITS && publicExponent <= MAX_EXPONENT;
}

function validated(path: CertificatePath, search: Search): CertificatePath | undefined {
  if (!isLinked(path, search)) return undefined;
  try {
    validateEach(path, search);
    validateAuthorities(path.slice(1), search.terms);
    return path;
  } catch (cause) {
    if (!(cause instanceof ExchangeFailure)) throw cause;
    search.failure ??= cause;
    return undefined;
  }
}

function validateEach(path: CertificatePath, { asOf, now }: Search): void {
  for (const [index, certificate] of path.entries()) {
    const { extensions, notAfter, notBefore, signatureAlgorithm } = certificate;
    if (now < notBefore) throw refusal('token-not-yet-valid', 'a certificate is not valid yet');
    if (asOf > notAfter) throw refusal('token-expired', 'a certificate has expired');
    for (const [oid, { isCritical }] of extensions) {
      if ((isCritical && !PROCESSED.has(oid)) || oid === NAME_CONSTRAINTS)
        throw refusal('issuer-untrusted', `a certificate has the extension ${oid}`);
    }
    // An anchor is trusted for its key, not for the signature it bears.
    if (index < path.length - 1 && !SIGNATURE_HASHES.has(signatureAlgorithm))
      throw refusal('issuer-untrusted', 'a certificate is signed with a weak algorithm');
    validateKey(certificate);
  }
}

function validateKey(certificate: Certificate): void {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = publicKeyOf(certificate);
  if (type === 'rsa' && (details?.modulusLength ?? 0) < MIN_RSA_BITS)
    throw refusal('issuer-untrusted', 'a key is too short');
}

// Whoever it is of has not proved it: somebody only names the certificate, or the runtime would know the key.
function publicKeyOf({ x509 }: Certificate): KeyObject {
  try {
    return x509.publicKey;
  } catch (cause) {
    throw new DerFailure('a key that cannot be read', { cause });
  }
}

function validateAuthorities(authorities: CertificatePath, terms: PathTerms): void {
  let below = 0;
  for (const authority of authorities) {
    const { isAuthority, pathLength } = basicConstraints(authority);
    const usages = keyUsages(authority);
    if (!isAuthority || usages?.has(KEY_USAGE.keyCertSign) === false)
      throw refusal('issuer-untrusted', 'an issuer is no authority');
    if (pathLength !== undefined && below > pathLength)
      throw refusal('issuer-untrusted', 'the path is longer than an authority allows');
    // A certificate is not good for what its authority may not certify.
    validateExtendedUsage(authority, terms);
    if (!authority.x509.checkIssued(authority.x509)) below += 1;
  }
}

function validateEnd(certificate: Certificate, terms: PathTerms): void {
  const usages = keyUsages(certificate);
  const isForSigning =
    usages === undefined ||
    usages.has(KEY_USAGE.digitalSignature) ||
    usages.has(KEY_USAGE.nonRepudiation);
  // A self-signed certificate that is an anchor itself often says no more than that it is an authority.
  if (!isForSigning && !isAnchor(certificate, terms))
    throw refusal('issuer-untrusted', 'the key of the certificate is not for signatures');
  validateExtendedUsage(certificate, terms);
}

function validateExtendedUsage(certificate: Certificate, terms: PathTerms): void {
  const usages = extendedKeyUsages(certificate);
  const isAllowed =
    usages === undefined ||
    usages.some((oid) => oid === ANY_EXTENDED_USAGE || terms.extendedKeyUsages.includes(oid));
  if (!isAllowed) throw refusal('issuer-untrusted', 'a certificate is for another purpose');
}

function refusal(
  reason: 'issuer-untrusted' | 'token-expired' | 'token-not-yet-valid',
  detail: string,
): ExchangeFailure {
  return new ExchangeFailure(reason, detail);
}
