// wsse:SecurityTokenReference (WSS 1.1.1 §7, SAML Token Profile 1.1.1 §3.4): to a token of the same header by `#id` or by the ID of an
// assertion, or embedded. Nothing is fetched, and no element outside the Security header is taken for the token. For a token that is not
// there, only its name is read.

import type { Buffer } from 'node:buffer';
import { parseBase64 } from '#bridge/xml/base64.ts';
import { type AttributePair, element, type Markup } from '#bridge/xml/canonical/markup.ts';
import {
  BASE64_BINARY,
  ENCRYPTED_KEY,
  TOKEN_TYPE,
  WSSE_NS,
  WSSE11_NS,
  wsse,
} from '#bridge/xml/namespaces.ts';
import { ownIdOf } from '#bridge/xml/parser/ids.ts';
import { requireEmpty, textOf, trimmedTextOf } from '#bridge/xml/reader.ts';
import {
  attributeOf,
  elementsOf,
  isNamed,
  type XmlDocument,
  type XmlElement,
} from '#bridge/xml/tree.ts';
import {
  CONTEXT_TYPES,
  JWT_VALUE_TYPE,
  SAML_REFERENCES,
  WSC_13_NS,
  WSC_2005_NS,
  X509_VALUE_TYPES,
} from '../names.ts';
import { readSecurely, SecurityFailure } from '../security-failure.ts';
import { kindOfToken, type TokenKind } from './presented-token.ts';

/** Where the tokens of a reference may stand. */
export interface ReferenceScope {
  readonly document: XmlDocument;
  /** The tokens of the Security header. */
  readonly tokens: readonly XmlElement[];
}

/** What `wsse11:TokenType` may say of each kind. */
const TOKEN_TYPES: Readonly<Record<TokenKind, readonly string[]>> = {
  saml1: [SAML_REFERENCES.saml1.tokenType],
  saml2: [SAML_REFERENCES.saml2.tokenType],
  jwt: [JWT_VALUE_TYPE],
  x509: [...X509_VALUE_TYPES],
  context: CONTEXT_TYPES,
  'derived-key': [`${WSC_13_NS}/dk`, `${WSC_2005_NS}/dk`],
  'encrypted-key': [ENCRYPTED_KEY],
};

/** The kind that a ValueType tells, of a reference or of what it holds. */
const KINDS: ReadonlyMap<string, TokenKind> = new Map([
  ...Object.entries(TOKEN_TYPES).flatMap(([kind, types]) =>
    types.map((type) => [type, kind as TokenKind] as const),
  ),
  [SAML_REFERENCES.saml1.valueType, 'saml1'],
  [SAML_REFERENCES.saml2.valueType, 'saml2'],
]);

/** The token a reference names.
 * @throws {SecurityFailure} `security-token-unavailable`, `invalid-security-token` */
export function resolveReference(reference: XmlElement, scope: ReferenceScope): XmlElement {
  return readSecurely('invalid-security-token', () => {
    const [form, second] = elementsOf(reference);
    if (form === undefined || second !== undefined) throw unavailable('one form expected');
    const token = resolveForm(form, scope);
    requireType(reference, form, token);
    return token;
  });
}

function resolveForm(form: XmlElement, scope: ReferenceScope): XmlElement {
  if (isNamed(form, WSSE_NS, 'Reference')) return resolveDirect(form, scope);
  if (isNamed(form, WSSE_NS, 'KeyIdentifier')) return resolveKeyIdentifier(form, scope);
  if (isNamed(form, WSSE_NS, 'Embedded')) return resolveEmbedded(form);
  throw unavailable('form of the reference');
}

function resolveDirect(form: XmlElement, { document, tokens }: ReferenceScope): XmlElement {
  requireEmpty(form);
  const uri = attributeOf(form, 'URI') ?? '';
  const target = uri.startsWith('#') ? document.ids.get(uri.slice(1)) : undefined;
  // By identity: an element of the same id elsewhere in the message is no token of this header.
  if (target === undefined || !tokens.includes(target)) throw unavailable('no token of this id');
  return target;
}

function resolveKeyIdentifier(form: XmlElement, { tokens }: ReferenceScope): XmlElement {
  requireUsualEncoding(form);
  const id = trimmedTextOf(form);
  const kind = kindOfKeyIdentifier(attributeOf(form, 'ValueType'));
  const found = tokens.find((token) => kindOfToken(token) === kind && ownIdOf(token) === id);
  if (kind === undefined) throw unavailable('a KeyIdentifier that names no assertion');
  if (found === undefined) throw unavailable('no assertion of this id');
  return found;
}

function kindOfKeyIdentifier(valueType: string | undefined): TokenKind | undefined {
  if (valueType === SAML_REFERENCES.saml2.valueType) return 'saml2';
  return valueType === SAML_REFERENCES.saml1.valueType ? 'saml1' : undefined;
}

/** The id that a reference has for a token that is not in this header (WSS 1.1.1 §7): the bare id, or the id of an assertion. Undefined
 * for everything else.
 * @throws {XmlFailure} `element-unexpected` for an id that is no text */
export function nameOfAbsent(
  reference: XmlElement,
  { tokens }: ReferenceScope,
): string | undefined {
  const [form, second] = elementsOf(reference);
  const name = form && !second ? nameIn(form) : undefined;
  return tokens.some((token) => ownIdOf(token) === name) ? undefined : name;
}

function nameIn(form: XmlElement): string | undefined {
  const valueType = attributeOf(form, 'ValueType');
  if (isNamed(form, WSSE_NS, 'KeyIdentifier'))
    return kindOfKeyIdentifier(valueType) && trimmedTextOf(form);
  if (!isNamed(form, WSSE_NS, 'Reference') || valueType !== undefined) return undefined;
  requireEmpty(form);
  const uri = attributeOf(form, 'URI') ?? '';
  return uri === '' || uri.startsWith('#') ? undefined : uri;
}

function resolveEmbedded(form: XmlElement): XmlElement {
  const [token, second] = elementsOf(form);
  if (token === undefined || second !== undefined) throw unavailable('one embedded token expected');
  return token;
}

// Whoever goes by what the reference says would take the token for another one.
function requireType(reference: XmlElement, form: XmlElement, token: XmlElement): void {
  const kind = kindOfToken(token);
  const type = attributeOf(reference, 'TokenType', WSSE11_NS);
  const isSaid = type === undefined || (kind !== undefined && TOKEN_TYPES[kind].includes(type));
  // A ValueType that is none of ours says nothing here.
  const meant = KINDS.get(attributeOf(form, 'ValueType') ?? '');
  if (isSaid && (meant === undefined || meant === kind)) return;
  throw new SecurityFailure('invalid-security-token', 'the reference tells of another token type');
}

/** The form of a reference, which must be the only one in it.
 * @throws {SecurityFailure} `security-token-unavailable` */
export function onlyForm(reference: XmlElement, form: XmlElement): XmlElement {
  if (elementsOf(reference).length !== 1) throw unavailable('one form expected');
  return form;
}

/** The bytes of a KeyIdentifier (WSS 1.1.1 §7.3).
 * @throws {SecurityFailure} `invalid-security-token` */
export function parseIdentifier(form: XmlElement): Buffer {
  return readSecurely('invalid-security-token', () => {
    requireUsualEncoding(form);
    return parseBase64(textOf(form));
  });
}

// In another encoding it would be another identifier. Some write the usual one beside the id of an assertion, which has none.
function requireUsualEncoding(form: XmlElement): void {
  const encoding = attributeOf(form, 'EncodingType') ?? BASE64_BINARY;
  if (encoding !== BASE64_BINARY)
    throw new SecurityFailure('invalid-security-token', 'EncodingType of a KeyIdentifier');
}

function unavailable(detail: string): SecurityFailure {
  return new SecurityFailure('security-token-unavailable', detail);
}

/** Writes a reference to a token by the address it has (WSS 1.1.1 §7.2), with what else the kind of the token wants in it. */
export function writeDirectReference(
  uri: string,
  valueType: string,
  more: readonly AttributePair[] = [],
): Markup {
  const direct = element(wsse('Reference'), [['URI', uri], ['ValueType', valueType], ...more]);
  return element(wsse('SecurityTokenReference'), [], [direct]);
}

/** Writes a reference to an assertion by its ID: from the message that holds it, or from another one. */
export function writeAssertionReference(type: 'saml1' | 'saml2', assertionId: string): Markup {
  const { tokenType, valueType } = SAML_REFERENCES[type];
  const identifier = element(wsse('KeyIdentifier'), [['ValueType', valueType]], [assertionId]);
  return element(wsse('SecurityTokenReference'), [[TOKEN_TYPE, tokenType]], [identifier]);
}
