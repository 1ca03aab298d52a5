// Whom the KeyInfo of a message signature names (WSS 1.1.1 §7, X.509 Certificate Token Profile 1.1.1 §3.2, SAML Token Profile
// 1.1.1 §3.4). It names only: whether that key is trusted is the question of whoever asks (xml-security V7).

import { createHash, type X509Certificate } from 'node:crypto';
import { parseBase64 } from '#bridge/xml/base64.ts';
import { readKeyValue } from '#bridge/xml/keys/key-info.ts';
import type { NamedKey } from '#bridge/xml/keys/public-key.ts';
import { DS_NS, THUMBPRINT_SHA1, WSSE_NS } from '#bridge/xml/namespaces.ts';
import {
  optionalChild,
  requiredChild,
  requireEmpty,
  textOf,
  trimmedTextOf,
} from '#bridge/xml/reader.ts';
import { attributeOf, elementsOf, isNamed, type XmlElement } from '#bridge/xml/tree.ts';
import type { ContextName } from '#core/ledger/kept-token.ts';
import { type KeyDerivation, readDerivedKey } from '../encryption/derived-key.ts';
import { requireKnownSecurity } from '../known-attributes.ts';
import {
  CONTEXT_TYPES,
  WSC_13_NS,
  WSC_2005_NS,
  X509_SUBJECT_KEY_IDENTIFIER,
  X509_V3,
} from '../names.ts';
import { readSecurely, SecurityFailure, type SecurityFaultCode } from '../security-failure.ts';
import type { CertificateMemory } from '../tokens/certificate-memory.ts';
import { kindOfToken } from '../tokens/presented-token.ts';
import { readContextName, requireIdentifier } from '../tokens/security-context-token.ts';
import {
  parseIdentifier,
  type ReferenceScope,
  resolveReference,
} from '../tokens/token-reference.ts';
import { type CertificateChain, parseCertificate, readX509Token } from '../tokens/x509-token.ts';

/** The signer as a message names it. Nothing is trusted yet. */
export type NamedSigner =
  | {
      readonly kind: 'certificate';
      readonly chain: CertificateChain;
      /** The token of the header that holds it, where one does. */
      readonly token?: XmlElement;
    }
  | { readonly kind: 'assertion'; readonly token: XmlElement }
  | { readonly kind: 'jwt'; readonly token: XmlElement }
  | { readonly kind: 'encrypted-key'; readonly token: XmlElement }
  | { readonly kind: 'key'; readonly key: NamedKey }
  | { readonly kind: 'context'; readonly name: ContextName; readonly token?: XmlElement };

/** The signer, and how the key is computed of the signer's where it is not that one itself. */
export type NamedSigningKey = NamedSigner & { readonly derived?: DerivedKey };

interface DerivedKey {
  readonly token: XmlElement;
  readonly derivation: KeyDerivation;
}

/** A certificate by name, where the message does not hold it. */
type CertificateName =
  | { readonly by: 'thumbprint'; readonly sha1: Buffer }
  | { readonly by: 'subject-key-identifier'; readonly identifier: Buffer }
  | { readonly by: 'issuer-serial'; readonly issuer: string; readonly serialNumber: bigint };

export type Named<Kind extends NamedSigner['kind']> = Extract<NamedSigner, { readonly kind: Kind }>;

/** Finds a certificate among those we know and those that are presented. */
export type CertificateFinder = (
  name: CertificateName,
  presented: readonly X509Certificate[],
) => X509Certificate | undefined;

/** Where a signer may be found. */
export interface SignerScope extends ReferenceScope {
  readonly findCertificate?: CertificateFinder | undefined;
  readonly certificates?: CertificateMemory | undefined;
  /** The certificates of the header, read when the first is looked for and not again: a signature has many references, whose signer may
   * be anybody, and each may name one (xml-security B10). */
  readonly presented: () => readonly X509Certificate[];
}

/** The scope of one signature. */
export function createSignerScope(parts: Omit<SignerScope, 'presented'>): SignerScope {
  const { certificates, tokens } = parts;
  let read: readonly X509Certificate[] | undefined;
  const readPresented = (): readonly X509Certificate[] =>
    tokens
      .filter((token) => kindOfToken(token) === 'x509')
      .map((token) => readX509Token(token, certificates)[0]);
  return { ...parts, presented: () => (read ??= readPresented()) };
}

/** The signer that a KeyInfo names.
 * @throws {SecurityFailure} `security-token-unavailable`, `invalid-security-token`, `unsupported-security-token`,
 * `invalid-security`, `bad-context-token`, `unsupported-context-token`, `unknown-derivation-source`, `failed-authentication`
 * @throws {XmlFailure} `key-refused` */
export function readSigner(keyInfo: XmlElement | undefined, scope: SignerScope): NamedSigningKey {
  if (keyInfo === undefined) throw new SecurityFailure('invalid-security', 'no KeyInfo');
  // With two hints, one could choose the key and another be what is told of it.
  const [hint, second] = elementsOf(keyInfo);
  if (hint === undefined || second !== undefined)
    throw new SecurityFailure('invalid-security', 'not one hint in KeyInfo');
  requireKnownSecurity(hint);
  if (isNamed(hint, WSSE_NS, 'SecurityTokenReference'))
    return readDerivedReference(hint, scope) ?? readSignerReference(hint, scope);
  if (isNamed(hint, DS_NS, 'X509Data'))
    return { kind: 'certificate', chain: readData(hint, scope) };
  if (isNamed(hint, DS_NS, 'KeyValue')) return { kind: 'key', key: readKeyValue(hint) };
  throw unavailable('a KeyInfo that names no key');
}

// The secret is that of a context, an assertion or a message: of a derived key no other is derived here, so none is derived of itself.
function readDerivedReference(
  reference: XmlElement,
  scope: SignerScope,
): NamedSigningKey | undefined {
  const direct = optionalChild(reference, WSSE_NS, 'Reference');
  const id = (direct && attributeOf(direct, 'URI')) ?? '';
  const token = id.startsWith('#') ? scope.document.ids.get(id.slice(1)) : undefined;
  if (token === undefined || kindOfToken(token) !== 'derived-key') return undefined;
  resolveReference(reference, scope);
  const derivation = readDerivedKey(token);
  return { ...readSource(derivation.reference, scope), derived: { token, derivation } };
}

const NO_SOURCE: ReadonlySet<SecurityFaultCode> = new Set([
  'failed-authentication',
  'security-token-unavailable',
  'unsupported-security-token',
] as const);

// WS-SecureConversation 1.3 §7, §9. What may have a secret is seen by its kind, before anybody is asked about it.
function readSource(reference: XmlElement, scope: SignerScope): NamedSigner {
  try {
    const source = readSignerReference(reference, scope);
    if (source.kind !== 'certificate') return source;
  } catch (cause) {
    if (!(cause instanceof SecurityFailure) || !NO_SOURCE.has(cause.code)) throw cause;
    throw new SecurityFailure('unknown-derivation-source', cause.message, { cause });
  }
  throw new SecurityFailure('unknown-derivation-source', 'a key derived of no secret');
}

/** The signer that a SecurityTokenReference names.
 * @throws {SecurityFailure} as {@link readSigner} */
function readSignerReference(reference: XmlElement, scope: SignerScope): NamedSigner {
  const chain = readCertificateName(reference, scope);
  if (chain) return { kind: 'certificate', chain };
  const context = readContextReference(reference, scope);
  if (context) return context;
  return namedToken(resolveReference(reference, scope), scope);
}

/** The certificate that a SecurityTokenReference names otherwise than by a token; undefined for all other references.
 * @throws {SecurityFailure} as {@link readSigner} */
export function readCertificateName(
  reference: XmlElement,
  scope: SignerScope,
): CertificateChain | undefined {
  const data = optionalChild(reference, DS_NS, 'X509Data');
  if (data) return readData(onlyForm(reference, data), scope);
  const identifier = optionalChild(reference, WSSE_NS, 'KeyIdentifier');
  return identifier && readIdentifier(onlyForm(reference, identifier), scope);
}

function namedToken(token: XmlElement, scope: SignerScope): NamedSigner {
  const kind = kindOfToken(token);
  if (kind === 'context') return { kind, name: readContextName(token), token };
  if (kind === 'x509')
    return { kind: 'certificate', chain: readX509Token(token, scope.certificates), token };
  if (kind === 'saml1' || kind === 'saml2') return { kind: 'assertion', token };
  if (kind === 'jwt' || kind === 'encrypted-key') return { kind, token };
  throw new SecurityFailure('unsupported-security-token', 'a token without a key');
}

/** WS-SecureConversation 1.3 §8: outside the message of the token a context is referred to by its Identifier. */
export function readContextReference(
  reference: XmlElement,
  { tokens }: ReferenceScope,
): Named<'context'> | undefined {
  const direct = optionalChild(reference, WSSE_NS, 'Reference');
  const identifier = direct && attributeOf(direct, 'URI');
  if (direct === undefined || identifier === undefined || identifier.startsWith('#'))
    return undefined;
  onlyForm(reference, direct);
  requireEmpty(direct);
  const type = attributeOf(direct, 'ValueType') ?? '';
  if (!CONTEXT_TYPES.includes(type)) return undefined;
  const instance = instanceOf(direct, type);
  const found = tokens
    .filter((each) => kindOfToken(each) === 'context')
    .map((token) => ({ kind: 'context' as const, name: readContextName(token), token }))
    .filter(({ name }) => name.identifier === identifier)
    .filter(({ name }) => instance === undefined || name.instance === instance);
  // One that signs and is the target too stands twice. Two instances of a context are two tokens.
  if (new Set(found.map(({ name }) => name.instance)).size > 1)
    throw unavailable('two contexts of this name');
  if (found[0]) return found[0];
  return {
    kind: 'context',
    name: {
      identifier: requireIdentifier(identifier),
      ...(instance !== undefined && { instance }),
    },
  };
}

// The attribute is declared by the schema of each version, in the namespace of that version.
function instanceOf(direct: XmlElement, type: string): string | undefined {
  const [instance, second] = [WSC_13_NS, WSC_2005_NS].flatMap((uri) => {
    const text = attributeOf(direct, 'Instance', uri);
    return text === undefined ? [] : [{ text, uri }];
  });
  // What is of another version than the context could be passed over by one reader and be taken by another.
  if (second ?? (instance && !type.startsWith(instance.uri))) throw unavailable('Instance');
  return instance?.text;
}

function onlyForm(reference: XmlElement, form: XmlElement): XmlElement {
  if (elementsOf(reference).length !== 1) throw unavailable('one form expected');
  return form;
}

/** The certificate of a key identifier, or undefined when it is one of an assertion. */
function readIdentifier(form: XmlElement, scope: SignerScope): CertificateChain | undefined {
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

function readData(data: XmlElement, scope: SignerScope): CertificateChain {
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

function find(name: CertificateName, scope: SignerScope): CertificateChain {
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
