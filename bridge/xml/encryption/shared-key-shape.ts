// Reads an EncryptedKey that opens several EncryptedData of one message (WSS 1.1.1 §9.1, §9.2), before any key is used: what it
// lists and what refers to it must be the same.

import { isNcName } from '../characters.ts';
import { XmlFailure } from '../failure.ts';
import { DS_NS, WSSE_NS, XENC_NS } from '../namespaces.ts';
import { readShape, requiredAttribute, shapedChildren } from '../shape.ts';
import { attributeOf, elementsOf, isNamed, type XmlDocument, type XmlElement } from '../tree.ts';
import type { ContentMethod } from './encryption-algorithms.ts';
import {
  ELEMENT_TYPE,
  type EncryptedKeyShape,
  openShape,
  readCipherValue,
  readContentMethod,
  readTransport,
} from './encryption-shape.ts';

/** One EncryptedData that the key opens. */
export interface EncryptedPart {
  readonly element: XmlElement;
  /** Whether it stands for one element, or for all that its parent holds. */
  readonly type: 'element' | 'content';
  readonly content: ContentMethod;
  readonly body: Uint8Array;
}

/** A key and all that it opens: one at least, all by one method. */
export interface SharedKeyShape extends EncryptedKeyShape {
  readonly parts: readonly [EncryptedPart, ...EncryptedPart[]];
  /** What all parts name as their key: this one, or another element. */
  readonly named: XmlElement;
}

const SHAPE = 'encryption-shape';
/** Body, signature, user name and a few confirmations: more is only work for us. */
const MAX_PARTS = 8;

/** Reads a key with its ReferenceList, and what is listed. The list is in the key, or the one that is given beside it.
 * @throws {XmlFailure} `encryption-shape`, `algorithm-refused`, `text-malformed` */
export function readSharedKey(
  key: XmlElement,
  document: XmlDocument,
  beside?: XmlElement,
): SharedKeyShape {
  const children = openShape(key, 'EncryptedKey', ['Id', 'Recipient', 'Type']);
  const transport = readTransport(children.take(XENC_NS, 'EncryptionMethod'));
  children.takeIf(DS_NS, 'KeyInfo');
  const wrapped = readCipherValue(children);
  const within = children.takeIf(XENC_NS, 'ReferenceList');
  children.end();
  const list = within ?? beside;
  if (list === undefined || (within && beside)) throw new XmlFailure(SHAPE, 'not one list');
  const [first, ...others] = readList(list, document).map((each) => readPart(each, key, document));
  if (first === undefined) throw new XmlFailure(SHAPE, 'a key that opens nothing');
  if (others.some(({ part }) => part.content !== first.part.content))
    throw new XmlFailure(SHAPE, 'one key for two methods');
  if (others.some(({ named }) => named !== first.named))
    throw new XmlFailure(SHAPE, 'parts of two keys');
  const parts = [first.part, ...others.map(({ part }) => part)] as const;
  return { transport, wrapped, parts, named: first.named };
}

function readList(list: XmlElement, { ids }: XmlDocument): readonly XmlElement[] {
  const references = shapedChildren(list, [], SHAPE);
  if (references.length > MAX_PARTS) throw new XmlFailure(SHAPE, 'too many references');
  const targets = references.map((reference) => {
    if (!isNamed(reference, XENC_NS, 'DataReference')) throw new XmlFailure(SHAPE, 'reference');
    readShape(reference, ['URI'], SHAPE).end();
    return ids.get(readId(requiredAttribute(reference, 'URI', SHAPE)));
  });
  const found = targets.filter((target) => target !== undefined);
  if (found.length < targets.length || new Set(found).size < found.length)
    throw new XmlFailure(SHAPE, 'a reference to nothing, or two to one');
  return found;
}

function readPart(
  element: XmlElement,
  key: XmlElement,
  document: XmlDocument,
): { readonly part: EncryptedPart; readonly named: XmlElement } {
  const children = openShape(element, 'EncryptedData', ['Id', 'Type', 'MimeType']);
  const content = readContentMethod(children.take(XENC_NS, 'EncryptionMethod'));
  const keyInfo = children.takeIf(DS_NS, 'KeyInfo');
  const named = keyInfo ? keyOf(keyInfo, document) : key;
  if (named === undefined) throw new XmlFailure(SHAPE, 'of a key that is not there');
  const body = readCipherValue(children);
  children.end();
  return { part: { element, type: typeOf(element), content, body }, named };
}

function typeOf(element: XmlElement): EncryptedPart['type'] {
  const type = requiredAttribute(element, 'Type', SHAPE);
  if (type === ELEMENT_TYPE) return 'element';
  if (type === `${XENC_NS}Content`) return 'content';
  throw new XmlFailure(SHAPE, 'type of EncryptedData');
}

// WSS 1.1.1 §7.7: a reference by `#id`. Whether that may be another key than the one that lists it is for the caller to say.
function keyOf(keyInfo: XmlElement, { ids }: XmlDocument): XmlElement | undefined {
  const [reference, second] = shapedChildren(keyInfo, ['Id'], SHAPE);
  if (reference === undefined || second !== undefined) throw new XmlFailure(SHAPE, 'KeyInfo');
  if (!isNamed(reference, WSSE_NS, 'SecurityTokenReference'))
    throw new XmlFailure(SHAPE, 'KeyInfo without a reference');
  const [direct, another] = elementsOf(reference, SHAPE);
  if (direct === undefined || another !== undefined || !isNamed(direct, WSSE_NS, 'Reference'))
    throw new XmlFailure(SHAPE, 'form of the reference to a key');
  if (elementsOf(direct, SHAPE).length > 0) throw new XmlFailure(SHAPE, 'more than a reference');
  return ids.get(readId(attributeOf(direct, 'URI') ?? ''));
}

function readId(uri: string): string {
  const id = uri.slice(1);
  if (!uri.startsWith('#') || !isNcName(id)) throw new XmlFailure(SHAPE, 'reference URI');
  return id;
}
