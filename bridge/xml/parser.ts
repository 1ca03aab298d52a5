// Strict parser: a tree from the tokenizer's events (xml-security V1-V4, limits of §3).

import { Buffer, isUtf8 } from 'node:buffer';
import type { SaxesAttributeNS } from 'saxes';
import { isNamespaceUri, isNcName } from './characters.ts';
import { XmlFailure } from './failure.ts';
import { registerIds } from './ids.ts';
import type { XmlLimits } from './limits.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { DS_NS } from './namespaces.ts';
import { StrictTokenizer } from './tokenizer.ts';
import type { NamespaceDeclaration, XmlAttribute, XmlDocument, XmlElement } from './tree.ts';
import { isWhitespace } from './tree.ts';

type Growing<T> = { -readonly [K in keyof T]: T[K] };
type GrowingElement = Growing<Omit<XmlElement, 'children' | 'parent'>> & {
  children: (XmlElement | string)[];
  parent: GrowingElement | undefined;
};

interface Tag {
  readonly prefix: string;
  readonly uri: string;
  readonly local: string;
}

interface TreeState {
  readonly limits: XmlLimits;
  readonly ids: Map<string, XmlElement>;
  /** Elements that hold a comment as a direct child: checked when they close. */
  readonly commented: Set<XmlElement>;
  attributes: SaxesAttributeNS[];
  current: GrowingElement | undefined;
  root: XmlElement | undefined;
  depth: number;
  elements: number;
}

// Shared empty lists: most elements have no declarations and many have no attributes.
const NO_ATTRIBUTES: readonly XmlAttribute[] = Object.freeze([]);
const NO_DECLARATIONS: readonly NamespaceDeclaration[] = Object.freeze([]);

/** Parses one document (xml-security V2-V4).
 * @throws {XmlFailure} `too-large`, `too-complex`, `encoding-refused`, `not-well-formed`, `doctype-refused`,
 * `processing-instruction-refused`, `comment-refused`, `namespace-refused`, `id-duplicate` */
export function parseXml(bytes: Uint8Array, limits: XmlLimits = DEFAULT_LIMITS): XmlDocument {
  const text = decode(bytes, limits);
  const state: TreeState = {
    limits,
    ids: new Map(),
    commented: new Set(),
    attributes: [],
    current: undefined,
    root: undefined,
    depth: 0,
    elements: 0,
  };
  createTokenizer(state).write(text).close();
  // The tokenizer has already refused a document without a root.
  if (state.root === undefined) throw new XmlFailure('not-well-formed', 'no root element');
  return { root: state.root, ids: state.ids };
}

function decode(bytes: Uint8Array, limits: XmlLimits): string {
  if (bytes.byteLength > limits.maxBytes) throw new XmlFailure('too-large', 'document too large');
  // UTF-16 and UTF-7 tricks end here or at the first NUL (C4): there is one decoder and it is fatal.
  if (!isUtf8(bytes)) throw new XmlFailure('encoding-refused', 'not UTF-8');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const body = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  // The tokenizer would swallow a second mark silently.
  if (body.charCodeAt(0) === 0xfeff)
    throw new XmlFailure('encoding-refused', 'two byte order marks');
  return body;
}

function createTokenizer(state: TreeState): StrictTokenizer {
  const tokenizer = new StrictTokenizer();
  tokenizer.on('attribute', (attribute) => addAttribute(state, attribute as SaxesAttributeNS));
  tokenizer.on('opentag', (tag) => openElement(state, tag));
  tokenizer.on('closetag', () => closeElement(state));
  tokenizer.on('text', (text) => addText(state, text));
  tokenizer.on('cdata', (text) => addText(state, text));
  tokenizer.on('comment', () => addComment(state));
  return tokenizer;
}

// The tokenizer completes this same object with its namespace before it reports the tag, so no copy is made.
function addAttribute(state: TreeState, attribute: SaxesAttributeNS): void {
  const { limits, attributes } = state;
  if (attributes.length === limits.maxAttributes) {
    throw new XmlFailure('too-complex', 'too many attributes');
  }
  if (attribute.value.length > limits.maxAttributeLength) {
    throw new XmlFailure('too-complex', 'attribute too long');
  }
  attributes.push(attribute);
}

function openElement(state: TreeState, tag: Tag): void {
  const { limits, current } = state;
  state.depth += 1;
  state.elements += 1;
  if (state.depth > limits.maxDepth) throw new XmlFailure('too-complex', 'too deep');
  if (state.elements > limits.maxElements) throw new XmlFailure('too-complex', 'too many elements');
  requireNcName(tag.local);
  const element: GrowingElement = {
    prefix: tag.prefix,
    uri: tag.uri,
    local: tag.local,
    attributes: NO_ATTRIBUTES,
    declarations: NO_DECLARATIONS,
    parent: current,
    children: [],
    commented: false,
  };
  if (state.attributes.length > 0) {
    takeAttributes(state, element);
    registerIds(element, state.ids);
  }
  if (current === undefined) state.root = element;
  else current.children.push(element);
  state.current = element;
}

function takeAttributes(state: TreeState, element: GrowingElement): void {
  const attributes: XmlAttribute[] = [];
  let declarations: NamespaceDeclaration[] | undefined;
  for (const attribute of state.attributes) {
    // Only `xmlns` and `xmlns:` declare; an attribute named `xmlnsRole` is an attribute (A8).
    if (attribute.prefix === 'xmlns')
      (declarations ??= []).push(declare(attribute.local, attribute.value));
    else if (attribute.name === 'xmlns') (declarations ??= []).push(declare('', attribute.value));
    else {
      requireNcName(attribute.local);
      attributes.push(attribute);
    }
  }
  state.attributes = [];
  element.attributes = attributes;
  if (declarations !== undefined) element.declarations = declarations;
}

function declare(prefix: string, uri: string): NamespaceDeclaration {
  if (prefix === 'xml' || prefix === 'xmlns') {
    throw new XmlFailure('namespace-refused', 'declaration of a reserved prefix');
  }
  if (prefix !== '') requireNcName(prefix);
  // The value is judged as written: the tokenizer trims it for its own look-up, which would hide a space.
  if (!(prefix === '' && uri === '') && !isNamespaceUri(uri)) {
    throw new XmlFailure('namespace-refused', 'form of a namespace name');
  }
  return { prefix, uri };
}

// The tokenizer checks the characters of a qualified name but not that each part starts like a name (`p:1a`).
// An ASCII letter in front settles it without a regular expression.
function requireNcName(name: string): void {
  const first = name.charCodeAt(0) | 0x20;
  if (first >= 0x61 && first <= 0x7a) return;
  if (!isNcName(name)) throw new XmlFailure('not-well-formed', 'name');
}

function closeElement(state: TreeState): void {
  const element = state.current;
  if (element === undefined) throw new Error('close without open');
  if (state.commented.size > 0 && state.commented.has(element)) requireElementContent(element);
  state.current = element.parent;
  state.depth -= 1;
}

// A comment may stand between elements only: in text it cuts the value in two for some readers (A2).
function requireElementContent(element: XmlElement): void {
  const holdsText = element.children.some(
    (child) => typeof child === 'string' && !isWhitespace(child),
  );
  const holdsElement = element.children.some((child) => typeof child !== 'string');
  if (holdsText || !holdsElement) throw new XmlFailure('comment-refused', 'comment in text');
}

function addText(state: TreeState, text: string): void {
  const { current } = state;
  // Outside the root there is only whitespace: the tokenizer refuses the rest.
  if (current === undefined || text === '') return;
  const { children } = current;
  const last = children.length - 1;
  const previous = children[last];
  if (typeof previous === 'string') children[last] = previous + text;
  else children.push(text);
}

function addComment(state: TreeState): void {
  const { current } = state;
  if (current === undefined) return;
  state.commented.add(current);
  for (let at: GrowingElement | undefined = current; at !== undefined; at = at.parent) {
    // A comment in DigestValue or SignedInfo is CVE-2025-29775 (B2).
    if (at.uri === DS_NS && at.local === 'Signature') {
      throw new XmlFailure('comment-refused', 'comment in a signature');
    }
    at.commented = true;
  }
}
