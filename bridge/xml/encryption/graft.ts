// A new document in which elements are replaced by what they decrypted to (XML Encryption 1.1 §4.3). The old one stays as it is:
// what was verified in it counts for nothing here (V1).

import { Buffer } from 'node:buffer';
import { escapeAttribute } from '../canonical/escape.ts';
import { XmlFailure } from '../failure.ts';
import { registerIds } from '../parser/ids.ts';
import type { XmlLimits } from '../parser/limits.ts';
import { parseXml } from '../parser/parser.ts';
import { isWhitespace, namespacesInScope, type XmlDocument, type XmlElement } from '../tree.ts';

type Growing = { -readonly [K in keyof XmlElement]: XmlElement[K] } & {
  children: (XmlElement | string)[];
};

/** What stands in the place of elements: nodes of other parses. */
export type Grafts = ReadonlyMap<XmlElement, readonly (XmlElement | string)[]>;

/** A document with grafts in it, and where they are. */
export interface GraftedDocument extends XmlDocument {
  /** The elements that came in, by the element they stand for. */
  readonly grafted: ReadonlyMap<XmlElement, readonly XmlElement[]>;
}

interface Growth {
  readonly grafts: Grafts;
  readonly limits: XmlLimits;
  readonly ids: Map<string, XmlElement>;
  readonly grafted: Map<XmlElement, XmlElement[]>;
  elements: number;
  /** How many elements are around the one that is copied. */
  depth: number;
}

/** Parses text as it would be read in the place of an element: with the prefixes that are declared there.
 * @throws {XmlFailure} any reason of parsing */
export function parseInPlace(
  text: Uint8Array,
  place: XmlElement,
  limits: XmlLimits,
): readonly (XmlElement | string)[] {
  // An undeclared default namespace is what it is without a declaration.
  const declared = (place.parent ? namespacesInScope(place.parent) : [])
    .filter(([, uri]) => uri !== '')
    .map(([prefix, uri]) => ` xmlns${prefix === '' ? '' : `:${prefix}`}="${escapeAttribute(uri)}"`)
    .join('');
  // One root and nothing behind it: text that closes the element around it makes a document that is none.
  const framed = Buffer.concat([Buffer.from(`<x${declared}>`), text, Buffer.from('</x>')]);
  return parseXml(framed, limits).root.children;
}

/** Copies a document with grafts in the places of elements. Its ids are registered anew: decryption must not make two of one name.
 * @throws {XmlFailure} `id-duplicate`, `too-complex` */
export function graft({ root }: XmlDocument, grafts: Grafts, limits: XmlLimits): GraftedDocument {
  const growth: Growth = {
    grafts,
    limits,
    ids: new Map(),
    grafted: new Map(),
    elements: 0,
    depth: 0,
  };
  return { root: copy(root, undefined, growth), ids: growth.ids, grafted: growth.grafted };
}

function copy(element: XmlElement, parent: XmlElement | undefined, growth: Growth): XmlElement {
  growth.elements += 1;
  if (growth.elements > growth.limits.maxElements || growth.depth >= growth.limits.maxDepth)
    throw new XmlFailure('too-complex', 'too much in it once it is decrypted');
  const copied: Growing = { ...element, parent, children: [] };
  registerIds(copied, growth.ids);
  growth.depth += 1;
  for (const child of element.children) {
    const grafts = typeof child === 'string' ? undefined : growth.grafts.get(child);
    if (typeof child === 'string') append(copied, child);
    else if (grafts === undefined) append(copied, copy(child, copied, growth));
    else growth.grafted.set(child, copyAll(grafts, copied, growth));
  }
  growth.depth -= 1;
  copied.commented ||= copied.children.some(
    (child) => typeof child !== 'string' && child.commented,
  );
  return copied;
}

function copyAll(
  grafts: readonly (XmlElement | string)[],
  parent: Growing,
  growth: Growth,
): XmlElement[] {
  const elements: XmlElement[] = [];
  for (const each of grafts) {
    if (typeof each === 'string' && !isWhitespace(each))
      throw new XmlFailure('element-unexpected', 'text where an element was encrypted');
    const copied = typeof each === 'string' ? each : copy(each, parent, growth);
    append(parent, copied);
    if (typeof copied !== 'string') elements.push(copied);
  }
  return elements;
}

// Adjacent text is one string, as the parser leaves it: canonical form must not depend on where it came from.
function append(parent: Growing, child: XmlElement | string): void {
  const last = parent.children.at(-1);
  if (typeof child === 'string' && typeof last === 'string')
    parent.children[parent.children.length - 1] = last + child;
  else parent.children.push(child);
}
