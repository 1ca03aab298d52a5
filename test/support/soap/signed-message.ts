// SOAP messages signed the way clients sign them: over text with wsu:Ids, with every choice of a client open to the test. The
// canonical form is ours; that it is right is judged by xmlsec1 and by real clients elsewhere.
import { createHmac, createPublicKey, hash, type KeyObject, sign } from 'node:crypto';
import { canonicalize } from '#bridge/xml/canonical/canonical.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import type { TestCertificate } from '#test/support/x509/pki.ts';
import { anEnvelope } from './soap.ts';

const WSS = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss';
export const X509_PROFILE = `${WSS}-x509-token-profile-1.0`;
export const BASE64_BINARY = `${WSS}-soap-message-security-1.0#Base64Binary`;
const DS = 'http://www.w3.org/2000/09/xmldsig#';
export const EXC_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
export const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
export const RSA_SHA512 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512';
export const RSA_SHA1 = `${DS}rsa-sha1`;
export const HMAC_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#hmac-sha256';
export const HMAC_SHA1 = `${DS}hmac-sha1`;
export const ECDSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256';

const STR_TRANSFORM = `<ds:Transform Algorithm="${WSS}-soap-message-security-1.0#STR-Transform"><wsse:TransformationParameters xmlns:wsse="${WSS}-wssecurity-secext-1.0.xsd"><ds:CanonicalizationMethod Algorithm="${EXC_C14N}"></ds:CanonicalizationMethod></wsse:TransformationParameters></ds:Transform>`;

/** A Timestamp to sign, with the id `ts`. Two messages that are otherwise alike need an end of their own each. */
export const aTimestamp = (
  expires = '2027-01-15T08:05:00Z',
  created = '2027-01-15T08:00:00Z',
): string =>
  `<wsu:Timestamp wsu:Id="ts"><wsu:Created>${created}</wsu:Created><wsu:Expires>${expires}</wsu:Expires></wsu:Timestamp>`;

export const TIMESTAMP = aTimestamp();

/** Where a signature goes in a message. */
export const SIGNATURE = '@SIGNATURE@';

export interface SignatureWishes {
  readonly key: KeyObject;
  /** The content of KeyInfo; absent: none. */
  readonly keyInfo?: string;
  /** The wsu:Ids that are signed. */
  readonly ids?: readonly string[];
  readonly algorithm?: string;
  readonly digest?: string;
  readonly digestHash?: string;
  /** The content of Transforms. */
  readonly transforms?: string;
  /** SecurityTokenReferences by their wsu:Ids, with the octets that STR-Transform is to give for each. */
  readonly transformed?: Readonly<Record<string, string>>;
  readonly id?: string;
}

const HASHES: Readonly<Record<string, string>> = {
  [RSA_SHA256]: 'sha256',
  [RSA_SHA512]: 'sha512',
  [RSA_SHA1]: 'sha1',
  [HMAC_SHA1]: 'sha1',
  [ECDSA_SHA256]: 'sha256',
};

function usualAlgorithm({ asymmetricKeyType, type }: KeyObject): string {
  if (type === 'secret') return HMAC_SHA256;
  return asymmetricKeyType === 'ec' ? ECDSA_SHA256 : RSA_SHA256;
}

function signatureValue(signedInfo: string, algorithm: string, key: KeyObject): Buffer {
  const name = HASHES[algorithm] ?? 'sha256';
  if (key.type === 'secret') return createHmac(name, key).update(signedInfo).digest();
  return sign(name, Buffer.from(signedInfo), { key, dsaEncoding: 'ieee-p1363' });
}

/** Puts a signature over the parts of these ids into the place of SIGNATURE. */
export function signMessage(message: string, wishes: SignatureWishes): string {
  const {
    algorithm = usualAlgorithm(wishes.key),
    digest = SHA256,
    digestHash = 'sha256',
    id = 'SIG-1',
    ids = ['ts', 'body'],
    keyInfo,
    transformed = {},
    transforms = `<ds:Transform Algorithm="${EXC_C14N}"></ds:Transform>`,
  } = wishes;
  const { ids: elements } = parseXml(Buffer.from(message.replaceAll(/@SIGNATURE\d?@/g, '')));
  const reference = (target: string, octets: string, content: string): string => {
    const value = hash(digestHash, octets, 'base64');
    return `<ds:Reference URI="#${target}"><ds:Transforms>${content}</ds:Transforms><ds:DigestMethod Algorithm="${digest}"></ds:DigestMethod><ds:DigestValue>${value}</ds:DigestValue></ds:Reference>`;
  };
  const references = [
    ...ids.map((target) => {
      const element = elements.get(target);
      if (!element) throw new Error(`nothing to sign: ${target}`);
      return reference(target, canonicalize(element), transforms);
    }),
    ...Object.entries(transformed).map(([target, octets]) =>
      reference(target, octets, STR_TRANSFORM),
    ),
  ];
  const content = `<ds:CanonicalizationMethod Algorithm="${EXC_C14N}"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="${algorithm}"></ds:SignatureMethod>${references.join('')}`;
  const signedInfo = `<ds:SignedInfo xmlns:ds="${DS}">${content}</ds:SignedInfo>`;
  const value = signatureValue(signedInfo, algorithm, wishes.key).toString('base64');
  const info = keyInfo === undefined ? '' : `<ds:KeyInfo>${keyInfo}</ds:KeyInfo>`;
  return message.replace(
    SIGNATURE,
    `<ds:Signature xmlns:ds="${DS}" Id="${id}"><ds:SignedInfo>${content}</ds:SignedInfo><ds:SignatureValue>${value}</ds:SignatureValue>${info}</ds:Signature>`,
  );
}

/** A BinarySecurityToken with the id `bst`. */
export function aBinaryToken({ der }: Pick<TestCertificate, 'der'>, id = 'bst'): string {
  return `<wsse:BinarySecurityToken wsu:Id="${id}" ValueType="${X509_PROFILE}#X509v3" EncodingType="${BASE64_BINARY}">${der.toString('base64')}</wsse:BinarySecurityToken>`;
}

/** A reference to a token of the header. */
export function aDirectReference(id = 'bst'): string {
  return `<wsse:SecurityTokenReference><wsse:Reference URI="#${id}" ValueType="${X509_PROFILE}#X509v3"></wsse:Reference></wsse:SecurityTokenReference>`;
}

/** An RSA key as a KeyValue. */
export function aKeyValue({
  certificate,
}: {
  readonly certificate: { readonly publicKey: { toString(format: 'pem'): string } };
}): string {
  const { e = '', n = '' } = createPublicKey(certificate.publicKey.toString('pem')).export({
    format: 'jwk',
  });
  const base64 = (member: string) => Buffer.from(member, 'base64url').toString('base64');
  return `<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>${base64(n)}</ds:Modulus><ds:Exponent>${base64(e)}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>`;
}

export interface MessageWishes extends Partial<SignatureWishes> {
  /** Whose key signs. */
  readonly by: Pick<TestCertificate, 'der' | 'privateKey'>;
  /** What stands in the Security header before the Timestamp; absent: that certificate. */
  readonly tokens?: string;
  readonly timestamp?: string;
}

/** A message that brings a certificate and is signed with its key, over the Timestamp and the Body. */
export function aSignedMessage(
  body: string,
  { by, timestamp = TIMESTAMP, tokens = aBinaryToken(by), ...wishes }: MessageWishes,
): string {
  const header = `<wsse:Security>${tokens}${timestamp}${SIGNATURE}</wsse:Security>`;
  return signMessage(anEnvelope({ header, body, bodyId: 'body' }), {
    key: by.privateKey,
    keyInfo: aDirectReference(),
    ...wishes,
  });
}
