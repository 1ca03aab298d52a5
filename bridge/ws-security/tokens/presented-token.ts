// Security tokens in a message: assertions, a JWT in a BinarySecurityToken or in the TokenWrapper of Apache CXF. They become
// evidence for core; nothing here trusts them.

import { parseBase64 } from '#bridge/xml/base64.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { BASE64_BINARY, SAML2_NS, SAML11_NS, WSSE_NS, XENC_NS } from '#bridge/xml/namespaces.ts';
import { textOf, trimmedTextOf } from '#bridge/xml/reader.ts';
import { attributeOf, isNamed, type XmlDocument, type XmlElement } from '#bridge/xml/tree.ts';
import type { ContextName } from '#core/ledger/kept-token.ts';
import type { SecurityToken, TokenUse } from '#core/token/security-token.ts';
import { JWT_VALUE_TYPE, WSC_13_NS, WSC_2005_NS, X509_VALUE_TYPES } from '../names.ts';
import { SecurityFailure } from '../security-failure.ts';
import { readContextName } from './security-context-token.ts';

/** What kind of token an element is. */
export type TokenKind =
  | 'saml1'
  | 'saml2'
  | 'jwt'
  | 'x509'
  | 'context'
  | 'derived-key'
  | 'encrypted-key';

// Whoever sends a message chooses the name: an object would have members that are none of these.
const CONVERSATION: ReadonlyMap<string, TokenKind> = new Map([
  ['SecurityContextToken', 'context'],
  ['DerivedKeyToken', 'derived-key'],
]);

const COMPACT_JWT = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){2,4}$/;

/** The kind of a token element, or undefined when we take none of its name. */
export function kindOfToken(element: XmlElement): TokenKind | undefined {
  if (isNamed(element, SAML2_NS, 'Assertion')) return 'saml2';
  if (isNamed(element, SAML2_NS, 'EncryptedAssertion')) return 'saml2';
  // Of which version it is shows when it is open; whoever opens it goes by that.
  if (isNamed(element, XENC_NS, 'EncryptedData')) return 'saml2';
  if (isNamed(element, XENC_NS, 'EncryptedKey')) return 'encrypted-key';
  if (isNamed(element, SAML11_NS, 'Assertion')) return 'saml1';
  if (isNamed(element, '', 'TokenWrapper')) return 'jwt';
  if (isNamed(element, WSSE_NS, 'BinarySecurityToken')) return kindOfBinaryToken(element);
  const isOfConversation = element.uri === WSC_13_NS || element.uri === WSC_2005_NS;
  return isOfConversation ? CONVERSATION.get(element.local) : undefined;
}

function kindOfBinaryToken(element: XmlElement): TokenKind | undefined {
  const valueType = attributeOf(element, 'ValueType') ?? '';
  if (valueType === JWT_VALUE_TYPE) return 'jwt';
  return X509_VALUE_TYPES.has(valueType) ? 'x509' : undefined;
}

/** Whether a token is no more than a key of the message: what it is there for is a signature, or what is encrypted. */
export function isKeyToken(element: XmlElement): boolean {
  const kind = kindOfToken(element);
  return kind === 'derived-key' || kind === 'encrypted-key';
}

/** The element as evidence.
 * @throws {SecurityFailure} `unsupported-security-token`
 * @throws {XmlFailure} `text-malformed` */
export function presentToken(
  document: XmlDocument,
  element: XmlElement,
  use: TokenUse,
): SecurityToken {
  const kind = kindOfToken(element);
  switch (kind) {
    case 'saml1':
    case 'saml2':
      // The node in the document it came in, so that what is verified is what is read (xml-security V1).
      return { type: kind, use, content: { document, element } };
    case 'jwt':
      return { type: 'jwt', use, content: jwtOf(element) };
    case 'context':
      return presentContext(readContextName(element), use);
    // A certificate or a key by itself proves nothing: it is the signature that counts.
    case 'x509':
    case 'derived-key':
    case 'encrypted-key':
    case undefined:
      throw new SecurityFailure('unsupported-security-token', `no token for us: ${element.local}`);
  }
}

/** A context by its name as evidence. */
export function presentContext(name: ContextName, use: TokenUse): SecurityToken {
  return { type: 'sct', use, content: name };
}

function jwtOf(element: XmlElement): string {
  const isWrapped = element.local === 'TokenWrapper';
  const jwt = isWrapped ? trimmedTextOf(element) : decode(element);
  if (!COMPACT_JWT.test(jwt)) throw new XmlFailure('text-malformed', 'no compact JWT');
  return jwt;
}

function decode(element: XmlElement): string {
  const encoding = attributeOf(element, 'EncodingType') ?? BASE64_BINARY;
  if (encoding !== BASE64_BINARY) throw new XmlFailure('text-malformed', 'EncodingType');
  return parseBase64(textOf(element)).toString('latin1');
}
