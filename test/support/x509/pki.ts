// A small certification authority for tests, by another implementation than ours: certificates, paths, lists of revocation.
import './reflect-metadata.ts';

import { createPrivateKey, type KeyObject, type webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

export type KeyAlgorithm = 'RSA' | 'P-256' | 'P-384';

const ALGORITHMS = {
  RSA: {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 2048,
  },
  'P-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'P-384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
} as const;

/** A certificate with its private key. */
export interface TestCertificate {
  readonly name: string;
  readonly certificate: x509.X509Certificate;
  readonly der: Buffer;
  readonly pem: string;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly privateKey: KeyObject;
  readonly privateKeyPem: string;
  readonly algorithm: KeyAlgorithm;
}

/** What a test says of a certificate; times in epoch seconds. */
export interface CertificateWishes {
  readonly name?: string;
  readonly algorithm?: KeyAlgorithm;
  /** Absent: self-signed. */
  readonly issuer?: TestCertificate;
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly isAuthority?: boolean;
  readonly pathLength?: number;
  readonly keyUsage?: x509.KeyUsageFlags;
  readonly extendedKeyUsage?: readonly string[];
  readonly alternativeNames?: x509.JsonGeneralNames;
  readonly serialNumber?: string;
  /** Of the signature; absent: that of the algorithm. */
  readonly hash?: 'SHA-1';
  /** Instead of those of the same kind that it would have. */
  readonly extensions?: readonly x509.Extension[];
  /** Absent: fresh ones of the algorithm. */
  readonly keys?: webcrypto.CryptoKeyPair;
  /** Without the identifiers of keys, names alone tell whose issuer is whose. */
  readonly hasKeyIdentifiers?: boolean;
}

const { KeyUsageFlags } = x509;
const LIFE_SECONDS = 10 * 365 * 86_400;
const START = 1_700_000_000;

function extensionsOf(wishes: CertificateWishes): x509.Extension[] {
  const { alternativeNames, extendedKeyUsage, isAuthority = false, keyUsage, pathLength } = wishes;
  const usage =
    keyUsage ??
    (isAuthority
      ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign
      : KeyUsageFlags.digitalSignature);
  return [
    new x509.BasicConstraintsExtension(isAuthority, pathLength, true),
    new x509.KeyUsagesExtension(usage, true),
    ...(extendedKeyUsage ? [new x509.ExtendedKeyUsageExtension([...extendedKeyUsage])] : []),
    ...(alternativeNames ? [new x509.SubjectAlternativeNameExtension(alternativeNames)] : []),
  ];
}

async function keyIdentifiers(
  { hasKeyIdentifiers = true, issuer }: CertificateWishes,
  keys: webcrypto.CryptoKeyPair,
): Promise<x509.Extension[]> {
  if (!hasKeyIdentifiers) return [];
  const signer = issuer?.keys ?? keys;
  return [
    await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    await x509.AuthorityKeyIdentifierExtension.create(signer.publicKey),
  ];
}

/** Makes a certificate: of an end entity, unless the test says that it is an authority. */
export async function aCertificate(wishes: CertificateWishes = {}): Promise<TestCertificate> {
  const { algorithm = 'P-256', name = 'CN=client' } = wishes;
  const keys =
    wishes.keys ??
    (await crypto.subtle.generateKey(ALGORITHMS[algorithm], true, ['sign', 'verify']));
  const certificate = await generate({ ...wishes, algorithm, name }, keys);
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey));
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  return {
    name,
    certificate,
    der: Buffer.from(certificate.rawData),
    pem: `${certificate.toString('pem')}\n`,
    keys,
    privateKey,
    privateKeyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    algorithm,
  };
}

function withWished(
  usual: readonly x509.Extension[],
  { extensions = [] }: CertificateWishes,
): x509.Extension[] {
  const types = new Set(extensions.map(({ type }) => type));
  return [...usual.filter(({ type }) => !types.has(type)), ...extensions];
}

const signingAlgorithmOf = (algorithm: KeyAlgorithm, { hash }: CertificateWishes) => ({
  ...ALGORITHMS[algorithm],
  ...(hash !== undefined && { hash }),
});

async function generate(
  wishes: CertificateWishes & { readonly algorithm: KeyAlgorithm; readonly name: string },
  keys: webcrypto.CryptoKeyPair,
): Promise<x509.X509Certificate> {
  const { algorithm, issuer, name, notAfter = START + LIFE_SECONDS, notBefore = START } = wishes;
  return x509.X509CertificateGenerator.create({
    ...(wishes.serialNumber !== undefined && { serialNumber: wishes.serialNumber }),
    subject: name,
    issuer: issuer?.name ?? name,
    notBefore: new Date(notBefore * 1000),
    notAfter: new Date(notAfter * 1000),
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: signingAlgorithmOf(issuer?.algorithm ?? algorithm, wishes),
    extensions: withWished(
      [...extensionsOf(wishes), ...(await keyIdentifiers(wishes, keys))],
      wishes,
    ),
  });
}

/** Makes the certificate of an authority, self-signed unless it has an issuer. */
export function anAuthority(wishes: CertificateWishes = {}): Promise<TestCertificate> {
  return aCertificate({ name: 'CN=Test CA', ...wishes, isAuthority: wishes.isAuthority ?? true });
}

/** An RSA key whose public exponent is as long as its modulus: what everybody does with it takes longer than what its owner does. */
export async function aSlowKey(): Promise<webcrypto.CryptoKeyPair> {
  const { RSA } = ALGORITHMS;
  const { privateKey } = await crypto.subtle.generateKey(RSA, true, ['sign', 'verify']);
  const jwk = await crypto.subtle.exportKey('jwk', privateKey);
  const short = 65_537n;
  const swapped = {
    ...jwk,
    e: jwk.d ?? '',
    d: textOf(short),
    dp: textOf(short % (numberOf(jwk.p) - 1n)),
    dq: textOf(short % (numberOf(jwk.q) - 1n)),
  };
  const { e, kty = '', n = '' } = swapped;
  return {
    privateKey: await crypto.subtle.importKey('jwk', swapped, RSA, true, ['sign']),
    publicKey: await crypto.subtle.importKey('jwk', { e, kty, n }, RSA, true, ['verify']),
  };
}

const numberOf = (text = ''): bigint =>
  BigInt(`0x${Buffer.from(text, 'base64url').toString('hex')}`);

function textOf(number: bigint): string {
  const digits = number.toString(16);
  return Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex').toString(
    'base64url',
  );
}

/** What a test says of a list of revocation; times in epoch seconds. */
export interface RevocationWishes {
  readonly revoked?: readonly TestCertificate[];
  readonly thisUpdate?: number;
  readonly nextUpdate?: number;
  readonly hasNoEnd?: boolean;
  /** Who signs, where that is not the issuer. */
  readonly signer?: TestCertificate;
  readonly extensions?: readonly x509.Extension[];
  /** Of each entry. */
  readonly entryExtensions?: readonly x509.Extension[];
}

/** The list of an authority, PEM. */
export async function aRevocationList(
  issuer: TestCertificate,
  {
    entryExtensions = [],
    extensions = [],
    hasNoEnd = false,
    nextUpdate,
    revoked = [],
    signer = issuer,
    thisUpdate = START,
  }: RevocationWishes = {},
): Promise<string> {
  const list = await x509.X509CrlGenerator.create({
    issuer: issuer.name,
    thisUpdate: new Date(thisUpdate * 1000),
    ...(!hasNoEnd && { nextUpdate: new Date((nextUpdate ?? START + LIFE_SECONDS) * 1000) }),
    signingKey: signer.keys.privateKey,
    signingAlgorithm: ALGORITHMS[signer.algorithm],
    entries: revoked.map(({ certificate: { serialNumber } }) => ({
      serialNumber,
      extensions: [...entryExtensions],
    })),
    extensions: [...extensions],
  });
  // RFC 7468 §6: the label is X509 CRL.
  return `${x509.PemConverter.encode(list.rawData, 'X509 CRL')}\n`;
}
