// STR-Transform (WSS 1.1 §8.3, xml-security §6): from a SecurityTokenReference to the canonical form of its token.

import { canonicalize } from '../canonical/canonical.ts';
import { escapeAttribute, escapeText } from '../canonical/escape.ts';
import { XmlFailure } from '../failure.ts';
import { WSSE_NS } from '../namespaces.ts';
import { isNamed, rootOf, type XmlDocument, type XmlElement } from '../tree.ts';
import type { CanonicalMethod } from './canonical-method.ts';

/** A token that is not in the message and is put into its place as a BinarySecurityToken. */
export interface AbsentToken {
  readonly valueType: string;
  readonly base64: string;
}

/** What a SecurityTokenReference stands for: an element of this document, or a token we know. */
export type ResolvedToken = XmlElement | AbsentToken;

/** Finds the token of a reference, by the same rules as everywhere else: by others, the signature could cover another token than the one
 * that is used. It must throw when it knows none. */
export type TokenResolver = (reference: XmlElement) => ResolvedToken;

/** Finds the token of a reference.
 * @throws {XmlFailure} `reference-refused`, and whatever the resolver throws */
export function resolveToken(
  { root }: XmlDocument,
  reference: XmlElement,
  resolver: TokenResolver | undefined,
): ResolvedToken {
  if (!isNamed(reference, WSSE_NS, 'SecurityTokenReference'))
    refuse('STR-Transform on another element');
  const token = resolver?.(reference) ?? refuse('token reference');
  // A node of another parse was never part of this message (V1).
  if (isElement(token) && rootOf(token) !== root) refuse('token of another document');
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

// WSS 1.1 §8.3: the element takes the prefix of the reference. By the letter it has the EncodingType of the key identifier there; WSS4J, the
// only implementation known to do this, writes none, and so do we.
function absentToken(prefix: string, { valueType, base64 }: AbsentToken): string {
  const name = prefix === '' ? 'BinarySecurityToken' : `${prefix}:BinarySecurityToken`;
  const namespace = `"${escapeAttribute(WSSE_NS)}"`;
  const declarations =
    prefix === '' ? ` xmlns=${namespace}` : ` xmlns="" xmlns:${prefix}=${namespace}`;
  const type = ` ValueType="${escapeAttribute(valueType)}"`;
  return `<${name}${declarations}${type}>${escapeText(base64)}</${name}>`;
}

function refuse(detail: string): never {
  throw new XmlFailure('reference-refused', detail);
}
