// STR-Transform (WSS 1.1 §8.3, xml-security §6): from a SecurityTokenReference to the canonical form of its token.

import { canonicalize } from '../canonical/canonical.ts';
import { escapeAttribute, escapeText } from '../canonical/escape.ts';
import { isNcName } from '../characters.ts';
import { XmlFailure } from '../failure.ts';
import { WSSE_NS } from '../namespaces.ts';
import { optionalChild } from '../reader.ts';
import type { XmlDocument, XmlElement } from '../tree.ts';
import { attributeOf, elementsOf, isNamed, rootOf } from '../tree.ts';
import type { CanonicalMethod } from './canonical-method.ts';

/** A token that is not in the message and is put into its place as a BinarySecurityToken. */
export interface AbsentToken {
  readonly valueType?: string;
  readonly encodingType?: string;
  readonly base64: string;
}

/** What a SecurityTokenReference stands for: an element of this document, or a token we know. */
export type ResolvedToken = XmlElement | AbsentToken;

/** Resolves key identifiers, issuer-serial, thumbprints and SAML ids. Direct and embedded references never reach it.
 * It must throw an XmlFailure when it knows no token. */
export type TokenResolver = (reference: XmlElement) => ResolvedToken;

/** Finds the token of a reference: `#id` through the typed map, Embedded, or the caller's resolver.
 * @throws {XmlFailure} `reference-refused` */
export function resolveToken(
  document: XmlDocument,
  reference: XmlElement,
  resolver: TokenResolver | undefined,
): ResolvedToken {
  if (!isNamed(reference, WSSE_NS, 'SecurityTokenReference'))
    refuse('STR-Transform on another element');
  const direct = optionalChild(reference, WSSE_NS, 'Reference');
  const embedded = optionalChild(reference, WSSE_NS, 'Embedded');
  if (direct !== undefined && embedded !== undefined) refuse('two forms of token reference');
  if (direct !== undefined) return resolveDirect(document, direct);
  if (embedded !== undefined) return onlyElement(embedded);
  const token = resolver?.(reference) ?? refuse('token reference');
  // A node of another parse was never part of this message (V1).
  if (isElement(token) && rootOf(token) !== document.root) refuse('token of another document');
  return token;
}

/** The octets STR-Transform gives for a token. The `#default` prefix and `xmlns=""` on the apex are what WSS4J writes.
 * @throws {XmlFailure} `canonical-too-large` */
export function canonicalToken(
  reference: XmlElement,
  token: ResolvedToken,
  options: { readonly method: CanonicalMethod; readonly maxBytes: number },
): string {
  if (!isElement(token)) return absentToken(reference.prefix, token);
  const prefixList = [...options.method.prefixList, ''];
  return canonicalize(token, { prefixList, emptyDefault: true, maxBytes: options.maxBytes });
}

/** Whether a resolved token is an element of the message. */
export function isElement(token: ResolvedToken): token is XmlElement {
  return 'children' in token;
}

// WSS 1.1 §8.3: the element takes the prefix of the reference; attributes in canonical order.
function absentToken(prefix: string, { valueType, encodingType, base64 }: AbsentToken): string {
  const name = prefix === '' ? 'BinarySecurityToken' : `${prefix}:BinarySecurityToken`;
  const namespace = `"${escapeAttribute(WSSE_NS)}"`;
  const declarations =
    prefix === '' ? ` xmlns=${namespace}` : ` xmlns="" xmlns:${prefix}=${namespace}`;
  const encoding =
    encodingType === undefined ? '' : ` EncodingType="${escapeAttribute(encodingType)}"`;
  const type = valueType === undefined ? '' : ` ValueType="${escapeAttribute(valueType)}"`;
  return `<${name}${declarations}${encoding}${type}>${escapeText(base64)}</${name}>`;
}

function resolveDirect(document: XmlDocument, direct: XmlElement): XmlElement {
  const uri = attributeOf(direct, 'URI') ?? '';
  const id = uri.slice(1);
  if (!uri.startsWith('#') || !isNcName(id)) refuse('token reference URI');
  return document.ids.get(id) ?? refuse('token reference without target');
}

function onlyElement(parent: XmlElement): XmlElement {
  const [only, second] = elementsOf(parent, 'reference-refused');
  if (only === undefined || second !== undefined) refuse('embedded token');
  return only;
}

function refuse(detail: string): never {
  throw new XmlFailure('reference-refused', detail);
}
