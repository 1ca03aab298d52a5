// Whom the KeyInfo of a message signature names (WSS 1.1.1 §7, SAML Token Profile 1.1.1 §3.4). It names only: whether that key is trusted
// is the question of whoever asks (xml-security V7).

import type { X509Certificate } from 'node:crypto';
import { readKeyValue } from '#bridge/xml/keys/key-info.ts';
import type { NamedKey } from '#bridge/xml/keys/public-key.ts';
import { DS_NS, WSSE_NS } from '#bridge/xml/namespaces.ts';
import { optionalChild } from '#bridge/xml/reader.ts';
import { attributeOf, elementsOf, isNamed, type XmlElement } from '#bridge/xml/tree.ts';
import type { ContextName } from '#core/ledger/kept-token.ts';
import { type KeyDerivation, readDerivedKey } from '../encryption/derived-key.ts';
import { requireKnownSecurity } from '../known-attributes.ts';
import { SecurityFailure, type SecurityFaultCode } from '../security-failure.ts';
import { readContextReference } from '../tokens/context-reference.ts';
import { kindOfToken } from '../tokens/presented-token.ts';
import { readContextName } from '../tokens/security-context-token.ts';
import { type ReferenceScope, resolveReference } from '../tokens/token-reference.ts';
import { type CertificateChain, readX509Token } from '../tokens/x509-token.ts';
import { type CertificateScope, readCertificateName, readX509Data } from './certificate-name.ts';

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

export type Named<Kind extends NamedSigner['kind']> = Extract<NamedSigner, { readonly kind: Kind }>;

/** Where a signer may be found. */
export interface SignerScope extends CertificateScope, ReferenceScope {}

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
    return { kind: 'certificate', chain: readX509Data(hint, scope) };
  if (isNamed(hint, DS_NS, 'KeyValue')) return { kind: 'key', key: readKeyValue(hint) };
  throw new SecurityFailure('security-token-unavailable', 'a KeyInfo that names no key');
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
  if (context) return { kind: 'context', ...context };
  return namedToken(resolveReference(reference, scope), scope);
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
