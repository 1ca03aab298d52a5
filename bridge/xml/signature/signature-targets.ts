// What the references of a signature are about (xml-security V8): parts of the document by their typed IDs, and the tokens that
// STR-Transform puts in the place of references to them.

import { XmlFailure } from '../failure.ts';
import { isAssertion, type XmlDocument, type XmlElement } from '../tree.ts';
import type { ReferenceShape } from './signature-shape.ts';
import {
  isElement,
  type ResolvedToken,
  resolveToken,
  type TokenResolver,
} from './str-transform.ts';

/** Where targets are found. */
interface TargetContext {
  readonly document: XmlDocument;
  readonly resolveToken?: TokenResolver | undefined;
}

/** What a reference is about. */
export interface Target {
  readonly reference: ReferenceShape;
  readonly element: XmlElement;
  /** What is digested instead of the element: the token that it refers to. */
  readonly token?: ResolvedToken;
  /** What is covered where the digest fits. */
  readonly nodes: readonly XmlElement[];
}

/** The targets of a signature, before anything of them is digested.
 * @throws {XmlFailure} `reference-refused`, `comment-refused` */
export function findTargets(
  references: readonly ReferenceShape[],
  context: TargetContext,
): readonly Target[] {
  const targets = references.map((reference) => findTarget(reference, context));
  const tokens = targets.flatMap(({ token }) => (token && isElement(token) ? [token] : []));
  requireApart(targets.flatMap(({ element, token }) => (token ? [] : [element])));
  requireApart(tokens);
  requireDistinct(targets.map(({ element }) => element));
  return targets;
}

function findTarget(reference: ReferenceShape, context: TargetContext): Target {
  const { document, resolveToken: resolver } = context;
  const element = document.ids.get(reference.id);
  if (element === undefined) throw new XmlFailure('reference-refused', 'no target');
  if (reference.transform !== 'token-reference') {
    if (isAssertion(element)) requireUncommented(element);
    return { reference, element, nodes: [element] };
  }
  const token = resolveToken(document, element, resolver);
  if (!isElement(token)) return { reference, element, token, nodes: [element] };
  requireUncommented(token);
  return { reference, element, token, nodes: [element, token] };
}

// A part within another would be digested twice, one within ten others eleven times: whoever made the key for the message would choose
// how much we work (B10). Nobody needs it: who covers a part covers what is in it. Only a token may be covered twice, where it stands
// and by a reference to it.
function requireApart(elements: readonly XmlElement[]): void {
  requireDistinct(elements);
  const all = new Set(elements);
  for (const element of elements)
    for (let at = element.parent; at !== undefined; at = at.parent)
      if (all.has(at)) throw new XmlFailure('reference-refused', 'a target within another');
}

function requireDistinct(elements: readonly XmlElement[]): void {
  if (new Set(elements).size < elements.length)
    throw new XmlFailure('reference-refused', 'the same target twice');
}

// Anywhere inside a signed token a comment could split a value for another reader of it (V3, A2).
function requireUncommented(token: XmlElement): void {
  if (token.commented) throw new XmlFailure('comment-refused', 'comment in a signed token');
}
