// XML we write is built from typed data (xml-security S1, S2): names are ours, values are checked, and no node of a
// parsed document can get in (C2).

import { isAsciiNcName, isNamespaceUri } from '../characters.ts';
import { requireLegalText } from './escape.ts';

const NO_ATTRIBUTES: readonly MarkupAttribute[] = Object.freeze([]);

declare const built: unique symbol;

/** A name with the prefix we write it with. The prefix is `''` only for elements without namespace or in a default one. */
export interface MarkupName {
  readonly prefix: string;
  readonly uri: string;
  readonly local: string;
}

/** An attribute ready to be written. */
interface MarkupAttribute extends MarkupName {
  readonly value: string;
}

/** An element to be written. Only {@link element} makes one. */
export interface Markup extends MarkupName {
  readonly attributes: readonly MarkupAttribute[];
  readonly children: readonly MarkupChild[];
  readonly [built]: true;
}

/** Finished text, signed or encrypted: its bytes are final (S7). `prefixes` are those it declares anywhere inside. */
export interface FinalXml {
  readonly canonical: string;
  readonly prefixes: ReadonlySet<string>;
  readonly [built]: true;
}

/** Where the signature of the enclosing element will stand (S3). */
export const SIGNATURE_PLACE: unique symbol = Symbol('signature place');

/** What may stand in an element. */
export type MarkupChild = Markup | FinalXml | string | typeof SIGNATURE_PLACE;

/** A name without a namespace for plain attributes, or a full name. */
export type AttributePair = readonly [name: string | MarkupName, value: string];

/** Builds an element. Attributes may come in any order: the writer sorts them.
 * @throws {XmlFailure} `character-illegal` when a value holds a character XML cannot carry (S2, E7) */
export function element(
  name: MarkupName,
  attributes: readonly AttributePair[] = [],
  children: readonly MarkupChild[] = [],
): Markup {
  const { prefix, uri, local } = name;
  requireName(prefix, uri, local);
  for (const child of children) if (typeof child === 'string') requireLegalText(child);
  const written = attributes.length === 0 ? NO_ATTRIBUTES : attributes.map(attribute);
  return { prefix, uri, local, attributes: written, children } as unknown as Markup;
}

/** Seals canonical text as final. For the signing and encrypting writers of this folder: callers have no other text
 * than theirs. */
export function seal(canonical: string, prefixes: ReadonlySet<string>): FinalXml {
  return { canonical, prefixes } as FinalXml;
}

/** Whether a child is finished text. */
export function isFinal(child: Markup | FinalXml): child is FinalXml {
  return 'canonical' in child;
}

function attribute([name, value]: AttributePair): MarkupAttribute {
  requireLegalText(value);
  if (typeof name === 'string') {
    requireName('', '', name);
    return { prefix: '', uri: '', local: name, value };
  }
  requireName(name.prefix, name.uri, name.local);
  // An unprefixed attribute has no namespace, whatever its name object says.
  if (name.prefix === '') throw new Error(`attribute ${name.local} needs a prefix`);
  return { prefix: name.prefix, uri: name.uri, local: name.local, value };
}

// Names come from our own constants, so a bad one is a bug and not a refusal.
function requireName(prefix: string, uri: string, local: string): void {
  const isPrefixGood = prefix === '' || (isAsciiNcName(prefix) && prefix !== 'xmlns' && uri !== '');
  const isLocalGood = isAsciiNcName(local) && local !== 'xmlns';
  const isUriGood = uri === '' || isNamespaceUri(uri);
  if (!isPrefixGood || !isLocalGood || !isUriGood) {
    throw new Error(`not a name to write: {${uri}}${prefix}:${local}`);
  }
}
