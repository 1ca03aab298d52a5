// Readers over the tree (xml-security V12): by expanded name, one candidate, text without element children.

import { parseDateTime } from './date-time.ts';
import { XmlFailure } from './failure.ts';
import { elementsOf, isNamed, lookupNamespace, type XmlElement } from './tree.ts';

/** An expanded name. */
export interface ExpandedName {
  readonly uri: string;
  readonly local: string;
}

/** The text of an element exactly as written.
 * @throws {XmlFailure} `text-malformed` when it has an element child */
export function textOf(element: XmlElement): string {
  let text = '';
  for (const child of element.children) {
    // Skipping the child would join what stood apart: readers then see another value than the signer (A2).
    if (typeof child !== 'string')
      throw new XmlFailure('text-malformed', `element in ${element.local}`);
    text += child;
  }
  return text;
}

/** The text of an element whose schema type collapses whitespace (anyURI, dateTime, QName, base64Binary). */
export function trimmedTextOf(element: XmlElement): string {
  const text = textOf(element);
  let start = 0;
  let end = text.length;
  // Not by a pattern: looking for the end from each space of a long text takes seconds, and anybody can send one.
  while (start < end && isSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

const isSpace = (code: number): boolean =>
  code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;

/** The instant that is the text of an element.
 * @throws {XmlFailure} `text-malformed` */
export function dateTimeOf(element: XmlElement): number {
  return parseDateTime(trimmedTextOf(element));
}

/** A boolean of XML Schema, from text without white space around it. `what` names it in the failure.
 * @throws {XmlFailure} `text-malformed` */
export function parseBoolean(text: string, what: string): boolean {
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw new XmlFailure('text-malformed', what);
}

/** The child elements of this name, in document order. */
export function childrenNamed(
  parent: XmlElement,
  uri: string,
  local: string,
): readonly XmlElement[] {
  const found: XmlElement[] = [];
  for (const child of parent.children) {
    if (typeof child !== 'string' && isNamed(child, uri, local)) found.push(child);
  }
  return found;
}

/** The one child element of this name, or `undefined`.
 * @throws {XmlFailure} `element-repeated`: with two candidates a forged one could be the one that is read (A1) */
export function optionalChild(
  parent: XmlElement,
  uri: string,
  local: string,
): XmlElement | undefined {
  const [first, second] = childrenNamed(parent, uri, local);
  if (second !== undefined) throw new XmlFailure('element-repeated', `two ${local}`);
  return first;
}

/** The one child element of this name.
 * @throws {XmlFailure} `element-missing`, `element-repeated` */
export function requiredChild(parent: XmlElement, uri: string, local: string): XmlElement {
  const child = optionalChild(parent, uri, local);
  if (child === undefined) throw new XmlFailure('element-missing', `no ${local}`);
  return child;
}

/** Refuses what stands in an element that holds nothing: nobody would read it.
 * @throws {XmlFailure} `element-unexpected` */
export function requireEmpty(element: XmlElement): void {
  if (elementsOf(element).length > 0)
    throw new XmlFailure('element-unexpected', `element in ${element.local}`);
}

/** The one child element, whatever its name.
 * @throws {XmlFailure} `element-missing`; `element-repeated`: which of two is meant is open */
export function onlyChild(parent: XmlElement): XmlElement {
  const [child, second] = elementsOf(parent);
  if (child === undefined) throw new XmlFailure('element-missing', `${parent.local} is empty`);
  if (second !== undefined) throw new XmlFailure('element-repeated', `two in ${parent.local}`);
  return child;
}

/** Makes an object of the members that are there. */
export function defined<T extends object>(members: { [K in keyof T]: T[K] | undefined }): T {
  const found: Partial<T> = {};
  for (const name in members) {
    const value = members[name];
    if (value !== undefined) found[name] = value;
  }
  return found as T;
}

/** Resolves a QName in content, in the namespace scope of the element that holds it.
 * @throws {XmlFailure} `text-malformed` when it is no QName or its prefix is not declared */
export function resolveQName(scope: XmlElement, text: string): ExpandedName {
  const match = /^(?:([^:\s]+):)?([^:\s]+)$/.exec(text);
  if (match === null) throw new XmlFailure('text-malformed', 'QName');
  const uri = lookupNamespace(scope, match[1] ?? '');
  if (uri === undefined) throw new XmlFailure('text-malformed', 'QName with undeclared prefix');
  return { uri, local: match[2] ?? '' };
}
