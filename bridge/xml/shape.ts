// Shape checks shared by signatures and encryption (xml-security V6): exact children in order, known attributes only.

import { XmlFailure, type XmlFailureReason } from './failure.ts';
import { attributeOf, elementsOf, isNamed, type XmlElement } from './tree.ts';

/** The element children, after checking that there are no unknown attributes and no text.
 * @throws {XmlFailure} the reason given */
export function shapedChildren(
  element: XmlElement,
  attributes: readonly string[],
  reason: XmlFailureReason = 'signature-shape',
): readonly XmlElement[] {
  requireAttributes(element, attributes, reason);
  return elementsOf(element, reason);
}

/** Refuses attributes that are not on the list; a namespaced attribute never is.
 * @throws {XmlFailure} the reason given */
export function requireAttributes(
  element: XmlElement,
  attributes: readonly string[],
  reason: XmlFailureReason = 'signature-shape',
): void {
  for (const { uri, local } of element.attributes) {
    if (uri !== '' || !attributes.includes(local)) {
      throw new XmlFailure(reason, `attribute ${local} on ${element.local}`);
    }
  }
}

/** Takes children off a list in a fixed order, so that nothing is found by descent or skipped (B1, B3). */
export interface ChildReader {
  /** The next child, which must have this name. */
  take(uri: string, local: string): XmlElement;
  /** The next child if it has this name. */
  takeIf(uri: string, local: string): XmlElement | undefined;
  /** Refuses whatever is left. */
  end(): void;
}

/** Reads children in order.
 * @throws {XmlFailure} the reason given, from each call, when the order is another */
export function readInOrder(
  children: readonly XmlElement[],
  reason: XmlFailureReason = 'signature-shape',
): ChildReader {
  let at = 0;
  const takeIf = (uri: string, local: string): XmlElement | undefined => {
    const child = children[at];
    if (child === undefined || !isNamed(child, uri, local)) return undefined;
    at += 1;
    return child;
  };
  return {
    takeIf,
    take(uri, local) {
      const child = takeIf(uri, local);
      if (child === undefined) throw new XmlFailure(reason, `${local} expected`);
      return child;
    },
    end() {
      const child = children[at];
      if (child !== undefined) throw new XmlFailure(reason, `unexpected ${child.local}`);
    },
  };
}

/** Reads the children of an element in order, which has no unknown attributes and no text.
 * @throws {XmlFailure} the reason given */
export const readShape = (
  element: XmlElement,
  attributes: readonly string[],
  reason: XmlFailureReason = 'signature-shape',
): ChildReader => readInOrder(shapedChildren(element, attributes, reason), reason);

/** The value of an attribute that must be there.
 * @throws {XmlFailure} the reason given */
export function requiredAttribute(
  element: XmlElement,
  local: string,
  reason: XmlFailureReason = 'signature-shape',
): string {
  const value = attributeOf(element, local);
  if (value === undefined) throw new XmlFailure(reason, `no ${local} on ${element.local}`);
  return value;
}
