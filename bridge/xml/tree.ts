// The parsed document: small read-only nodes. The tree that is digested is the tree that is read (xml-security V1).

import { XmlFailure, type XmlFailureReason } from './failure.ts';
import { SAML2_NS, SAML11_NS, XML_NS } from './namespaces.ts';

/** An attribute; namespace declarations are not attributes here. */
export interface XmlAttribute {
  readonly prefix: string;
  readonly uri: string;
  readonly local: string;
  readonly value: string;
}

/** A namespace declaration as written on one element; the prefix is `''` for the default. */
export interface NamespaceDeclaration {
  readonly prefix: string;
  readonly uri: string;
}

/** An element. Text is held as plain strings among the children: adjacent text and CDATA are one string. */
export interface XmlElement {
  readonly prefix: string;
  readonly uri: string;
  readonly local: string;
  readonly attributes: readonly XmlAttribute[];
  readonly declarations: readonly NamespaceDeclaration[];
  readonly parent: XmlElement | undefined;
  readonly children: readonly (XmlElement | string)[];
  /** Whether a comment stood anywhere inside: a signed token with one is refused (V3). */
  readonly commented: boolean;
}

/** A parsed document and its typed IDs (V4). */
export interface XmlDocument {
  readonly root: XmlElement;
  readonly ids: ReadonlyMap<string, XmlElement>;
}

/** The value of an attribute, `undefined` when absent. No namespace unless one is given. */
export function attributeOf(element: XmlElement, local: string, uri = ''): string | undefined {
  for (const attribute of element.attributes) {
    if (attribute.local === local && attribute.uri === uri) return attribute.value;
  }
  return undefined;
}

/** The namespace a prefix is bound to at this element; `''` when the default is unbound, `undefined` when a prefix is. */
export function lookupNamespace(element: XmlElement, prefix: string): string | undefined {
  if (prefix === 'xml') return XML_NS;
  for (let at: XmlElement | undefined = element; at !== undefined; at = at.parent) {
    for (const declaration of at.declarations) {
      if (declaration.prefix === prefix) return declaration.uri;
    }
  }
  return prefix === '' ? '' : undefined;
}

/** All that is bound at this element, each prefix once. In one walk: looking each of them up would cost the square of their number. */
export function namespacesInScope(element: XmlElement): readonly (readonly [string, string])[] {
  const scope = new Map<string, string>();
  for (let at: XmlElement | undefined = element; at !== undefined; at = at.parent)
    for (const { prefix, uri } of at.declarations) if (!scope.has(prefix)) scope.set(prefix, uri);
  return [...scope];
}

/** Whether this element has this expanded name: never compare by prefix or local name alone (V12, A7). */
export function isNamed(element: XmlElement, uri: string, local: string): boolean {
  return element.local === local && element.uri === uri;
}

/** Whether this element is an assertion of either version. */
export function isAssertion({ uri, local }: XmlElement): boolean {
  return local === 'Assertion' && (uri === SAML2_NS || uri === SAML11_NS);
}

/** The element children of an element that holds no text but whitespace.
 * @throws {XmlFailure} the reason given (by default `element-unexpected`) when there is other text */
export function elementsOf(
  element: XmlElement,
  reason: XmlFailureReason = 'element-unexpected',
): readonly XmlElement[] {
  const elements: XmlElement[] = [];
  for (const child of element.children) {
    if (typeof child !== 'string') elements.push(child);
    else if (!isWhitespace(child)) throw new XmlFailure(reason, `text in ${element.local}`);
  }
  return elements;
}

/** The root of the document that an element is in. */
export function rootOf(element: XmlElement): XmlElement {
  return element.parent === undefined ? element : rootOf(element.parent);
}

/** Whether the text is nothing but XML whitespace. */
export function isWhitespace(text: string): boolean {
  return /^[\t\n\r ]*$/.test(text);
}
