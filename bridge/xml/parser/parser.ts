// Strict parser: a tree from what the tokenizer reads (xml-security V1-V4, limits of §3).

import { Buffer, isUtf8 } from 'node:buffer';
import { XmlFailure } from '../failure.ts';
import { DS_NS } from '../namespaces.ts';
import {
  isWhitespace,
  type NamespaceDeclaration,
  type XmlAttribute,
  type XmlDocument,
  type XmlElement,
} from '../tree.ts';
import { registerIds } from './ids.ts';
import { DEFAULT_LIMITS, maxNodes, type XmlLimits } from './limits.ts';
import { NamespaceScope, toDeclaration } from './namespace-scope.ts';
import {
  type QualifiedName,
  type TokenHandler,
  tokenize,
  type WrittenAttribute,
} from './tokenizer.ts';

type Growing<T> = { -readonly [K in keyof T]: T[K] };
type GrowingElement = Growing<Omit<XmlElement, 'children' | 'parent'>> & {
  children: (XmlElement | string)[];
  parent: GrowingElement | undefined;
};

// Shared empty lists: most elements have no declarations and many have no attributes.
const NO_ATTRIBUTES: readonly XmlAttribute[] = Object.freeze([]);
const NO_DECLARATIONS: readonly NamespaceDeclaration[] = Object.freeze([]);

/** How many attributes are compared each with each, which is faster for few. */
const FEW = 8;

/** Parses one document (xml-security V2-V4).
 * @throws {XmlFailure} `too-large`, `too-complex`, `encoding-refused`, `not-well-formed`, `doctype-refused`,
 * `processing-instruction-refused`, `comment-refused`, `namespace-refused`, `id-duplicate` */
export function parseXml(bytes: Uint8Array, limits: XmlLimits = DEFAULT_LIMITS): XmlDocument {
  const tree = new TreeBuilder(limits);
  tokenize(decode(bytes, limits), tree);
  return tree.document();
}

function decode(bytes: Uint8Array, limits: XmlLimits): string {
  if (bytes.byteLength > limits.maxBytes) throw new XmlFailure('too-large', 'document too large');
  // UTF-16 and UTF-7 tricks end here or at the first NUL (C4): there is one decoder and it is fatal.
  if (!isUtf8(bytes)) throw new XmlFailure('encoding-refused', 'not UTF-8');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

class TreeBuilder implements TokenHandler {
  readonly #limits: XmlLimits;
  readonly #ids = new Map<string, XmlElement>();
  readonly #namespaces = new NamespaceScope();
  /** Elements that hold a comment as a direct child: checked when they close. */
  readonly #commented = new Set<XmlElement>();
  #current: GrowingElement | undefined;
  #root: XmlElement | undefined;
  #depth = 0;
  #elements = 0;
  #nodesLeft: number;

  constructor(limits: XmlLimits) {
    this.#limits = limits;
    this.#nodesLeft = maxNodes(limits);
  }

  document(): XmlDocument {
    // The tokenizer has refused a document without one.
    if (this.#root === undefined) throw new Error('a document without a root');
    return { root: this.#root, ids: this.#ids };
  }

  openTag({ prefix, local }: QualifiedName, written: readonly WrittenAttribute[]): void {
    this.#count(written);
    const declarations = declarationsOf(written);
    this.#namespaces.enter(declarations);
    const element: GrowingElement = {
      prefix,
      uri: this.#namespaces.uriOf(prefix),
      local,
      attributes: this.#attributesOf(written, declarations.length),
      declarations,
      parent: this.#current,
      children: [],
      commented: false,
    };
    if (element.attributes.length > 0) registerIds(element, this.#ids);
    if (this.#current === undefined) this.#root = element;
    else this.#current.children.push(element);
    this.#current = element;
  }

  #count(written: readonly WrittenAttribute[]): void {
    const { maxAttributeLength, maxAttributes, maxDepth, maxElements } = this.#limits;
    this.#depth += 1;
    this.#elements += 1;
    this.#nodesLeft -= 1 + written.length;
    if (this.#depth > maxDepth) throw new XmlFailure('too-complex', 'too deep');
    if (this.#elements > maxElements) throw new XmlFailure('too-complex', 'too many elements');
    if (this.#nodesLeft < 0) throw new XmlFailure('too-complex', 'too much markup');
    if (written.length > maxAttributes) throw new XmlFailure('too-complex', 'too many attributes');
    for (const { value } of written) {
      if (value.length > maxAttributeLength)
        throw new XmlFailure('too-complex', 'attribute too long');
    }
  }

  #attributesOf(written: readonly WrittenAttribute[], declared: number): readonly XmlAttribute[] {
    if (written.length === declared) return NO_ATTRIBUTES;
    const attributes: XmlAttribute[] = [];
    for (const { name, value } of written) {
      if (isDeclaration(name)) continue;
      const { prefix, local } = name;
      // The default namespace is for elements alone (Namespaces in XML 1.0 §6.2).
      const uri = prefix === '' ? '' : this.#namespaces.uriOf(prefix);
      attributes.push({ prefix, uri, local, value });
    }
    requireDistinct(attributes);
    return attributes;
  }

  closeTag(): void {
    const element = this.#current;
    if (element === undefined) throw new Error('close without open');
    if (this.#commented.size > 0 && this.#commented.has(element)) requireElementContent(element);
    this.#namespaces.leave(element.declarations);
    this.#current = element.parent;
    this.#depth -= 1;
  }

  text(text: string): void {
    const children = this.#current?.children;
    if (children === undefined) throw new Error('text outside the root');
    if (text === '') return;
    const last = children.length - 1;
    const previous = children[last];
    if (typeof previous === 'string') children[last] = previous + text;
    else children.push(text);
  }

  comment(): void {
    if (this.#current === undefined) return;
    this.#commented.add(this.#current);
    for (let at: GrowingElement | undefined = this.#current; at !== undefined; at = at.parent) {
      // A comment in DigestValue or SignedInfo is CVE-2025-29775 (B2).
      if (at.uri === DS_NS && at.local === 'Signature') {
        throw new XmlFailure('comment-refused', 'comment in a signature');
      }
      at.commented = true;
    }
  }
}

// Only `xmlns` and `xmlns:` declare; an attribute named `xmlnsRole` is an attribute (A8).
const isDeclaration = ({ prefix, written }: QualifiedName): boolean =>
  prefix === 'xmlns' || written === 'xmlns';

function declarationsOf(written: readonly WrittenAttribute[]): readonly NamespaceDeclaration[] {
  let declarations: NamespaceDeclaration[] | undefined;
  for (const { name, value } of written) {
    if (!isDeclaration(name)) continue;
    const prefix = name.prefix === '' ? '' : name.local;
    (declarations ??= []).push(toDeclaration(prefix, value));
  }
  if (declarations === undefined) return NO_DECLARATIONS;
  if (new Set(declarations.map(({ prefix }) => prefix)).size < declarations.length)
    throw new XmlFailure('not-well-formed', 'repeated declaration');
  return declarations;
}

/** XML 1.0 §3.1 and Namespaces in XML 1.0 §6.3: what stands twice would be read one way here and another way elsewhere. */
function requireDistinct(attributes: readonly XmlAttribute[]): void {
  const isRepeated = attributes.length > FEW ? isRepeatedAmongMany : isRepeatedAmongFew;
  if (isRepeated(attributes)) throw new XmlFailure('not-well-formed', 'repeated attribute');
}

const isRepeatedAmongFew = (attributes: readonly XmlAttribute[]): boolean =>
  attributes.some(({ local, uri }, at) =>
    attributes.some((other, after) => after > at && other.local === local && other.uri === uri),
  );

// Each with each would cost a hostile message the square of its attributes.
function isRepeatedAmongMany(attributes: readonly XmlAttribute[]): boolean {
  const groups = Map.groupBy(attributes, ({ local }) => local);
  return [...groups.values()].some(
    (group) => group.length > 1 && new Set(group.map(({ uri }) => uri)).size < group.length,
  );
}

// A comment may stand between elements only: in text it cuts the value in two for some readers (A2).
function requireElementContent(element: XmlElement): void {
  const holdsText = element.children.some(
    (child) => typeof child === 'string' && !isWhitespace(child),
  );
  const holdsElement = element.children.some((child) => typeof child !== 'string');
  if (holdsText || !holdsElement) throw new XmlFailure('comment-refused', 'comment in text');
}
