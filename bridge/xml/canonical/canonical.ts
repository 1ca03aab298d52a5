// Canonical form of a parsed element: exclusive without comments (Exclusive XML Canonicalization 1.0); inclusive
// (Canonical XML 1.0) for verifying only, where a trusted issuer's record asks for it. Apex is always one element.

import { Buffer } from 'node:buffer';
import { XmlFailure } from '../failure.ts';
import { XML_NS } from '../namespaces.ts';
import { MAX_CANONICAL_BYTES } from '../parser/limits.ts';
import { lookupNamespace, namespacesInScope, type XmlAttribute, type XmlElement } from '../tree.ts';
import {
  type Binding,
  type CanonicalOutput,
  closeTag,
  createOutput,
  openTag,
  type TagSource,
} from './canonical-tag.ts';
import { escapeText } from './escape.ts';

/** How to canonicalise. */
export interface CanonicalOptions {
  /** Prefixes treated as in inclusive form; `''` stands for `#default`. */
  readonly prefixList?: readonly string[];
  /** An element left out with all it holds: the Signature of the enveloped-signature transform. */
  readonly omit?: XmlElement;
  /** Canonical XML 1.0 instead of the exclusive form. */
  readonly inclusive?: boolean;
  /** Writes `xmlns=""` on the apex when no default namespace is in scope (WSS 1.1 §8.3, STR-Transform). */
  readonly emptyDefault?: boolean;
  readonly maxBytes?: number;
}

interface Walk {
  readonly output: CanonicalOutput;
  readonly omit: XmlElement | undefined;
  readonly isListed: (prefix: string) => boolean;
  readonly hasList: boolean;
}

const NO_BINDINGS: readonly Binding[] = Object.freeze([]);

/** The canonical text of an element, without comments.
 * @throws {XmlFailure} `canonical-too-large`; `reference-refused` when nothing would be left (A5) */
export function canonicalize(element: XmlElement, options: CanonicalOptions = {}): string {
  const { prefixList = [], omit, inclusive = false, maxBytes = MAX_CANONICAL_BYTES } = options;
  // The digest of nothing proves nothing, and other libraries accepted it.
  if (element === omit) throw new XmlFailure('reference-refused', 'empty canonical form');
  const listed = new Set(prefixList);
  const walk: Walk = {
    output: createOutput(maxBytes),
    omit,
    isListed: (prefix) => inclusive || listed.has(prefix),
    hasList: inclusive || prefixList.length > 0,
  };
  const apex = inclusive ? withInheritedXmlAttributes(element) : element;
  const bindings = inclusive ? namespacesInScope(element) : apexBindings(element, prefixList);
  writeApex(walk, element, { tag: apex, bindings, emptyDefault: options.emptyDefault === true });
  const { text } = walk.output;
  requireSize(text, maxBytes);
  return text;
}

function requireSize(text: string, maxBytes: number): void {
  // A unit is three bytes at most, so most often there is nothing to count.
  if (text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes)
    throw new XmlFailure('canonical-too-large', 'canonical form too large');
}

interface Apex {
  readonly tag: TagSource;
  readonly bindings: readonly Binding[];
  readonly emptyDefault: boolean;
}

function writeApex(walk: Walk, element: XmlElement, apex: Apex): void {
  const { output } = walk;
  const isDefaultUnbound = lookupNamespace(element, '') === '';
  // Any value but '' makes the tag writer render the empty default once.
  if (apex.emptyDefault && isDefaultUnbound) output.rendered.set('', '#unset');
  const extra: readonly Binding[] =
    apex.emptyDefault && isDefaultUnbound ? [...apex.bindings, ['', '']] : apex.bindings;
  const mark = openTag(output, apex.tag, extra);
  writeChildren(walk, element);
  closeTag(output, apex.tag, mark);
}

function writeElement(walk: Walk, element: XmlElement): void {
  const { output } = walk;
  let extra = NO_BINDINGS;
  if (walk.hasList && element.declarations.length > 0) {
    // Below the apex a listed prefix can only change where it is declared.
    extra = listedBindings(walk, element);
  }
  const mark = openTag(output, element, extra);
  writeChildren(walk, element);
  closeTag(output, element, mark);
}

function listedBindings(walk: Walk, { declarations }: XmlElement): Binding[] {
  const listed = declarations.filter(({ prefix }) => walk.isListed(prefix));
  return listed.map(({ prefix, uri }): Binding => [prefix, uri]);
}

function writeChildren(walk: Walk, element: XmlElement): void {
  for (const child of element.children) {
    if (typeof child === 'string') walk.output.text += escapeText(child);
    else if (child !== walk.omit) writeElement(walk, child);
  }
}

function apexBindings(element: XmlElement, prefixes: readonly string[]): Binding[] {
  const bindings: Binding[] = [];
  for (const prefix of prefixes) {
    const uri = lookupNamespace(element, prefix);
    if (uri !== undefined) bindings.push([prefix, uri]);
  }
  return bindings;
}

// Canonical XML 1.0 §2.4: the apex takes over xml:* attributes of its ancestors, the nearest value first.
function withInheritedXmlAttributes(element: XmlElement): TagSource {
  const inherited = new Map<string, XmlAttribute>();
  for (let at: XmlElement | undefined = element; at !== undefined; at = at.parent) {
    for (const attribute of at.attributes) {
      const { local, uri } = attribute;
      if (uri === XML_NS && !inherited.has(local)) inherited.set(local, attribute);
    }
  }
  const own = element.attributes.filter(({ uri }) => uri !== XML_NS);
  const attributes = [...own, ...inherited.values()];
  return { prefix: element.prefix, uri: element.uri, local: element.local, attributes };
}
