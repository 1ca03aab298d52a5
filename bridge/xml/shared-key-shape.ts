// Reads an EncryptedKey that opens several EncryptedData of one message (WSS 1.1.1 §9.1, §9.2), before any key is used: what it
// lists and what refers to it must be the same.

import { isNcName } from './characters.ts';
import type { ContentMethod } from './encryption-algorithms.ts';
import type { EncryptedKeyShape } from './encryption-shape.ts';
import {
  ELEMENT_TYPE,
  openShape,
  readCipherValue,
  readContentMethod,
  readTransport,
} from './encryption-shape.ts';
import { XmlFailure } from './failure.ts';
import { DS_NS, WSSE_NS, XENC_NS } from './namespaces.ts';
import { readInOrder, requiredAttribute, shapedChildren } from './shape.ts';
import type { XmlDocument, XmlElement } from './tree.ts';
import { attributeOf, elementsOf, isNamed } from './tree.ts';

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
}

const SHAPE = 'encryption-shape';
/** Body, signature, user name and a few confirmations: more is only work for us. */
const MAX_PARTS = 8;

/** Reads a key with its ReferenceList, and what is listed.
 * @throws {XmlFailure} `encryption-shape`, `algorithm-refused`, `text-malformed` */
export function readSharedKey(key: XmlElement, document: XmlDocument): SharedKeyShape {
  const children = openShape(key, 'EncryptedKey', ['Id', 'Recipient', 'Type']);
  const transport = readTransport(children.take(XENC_NS, 'EncryptionMethod'));
  children.takeIf(DS_NS, 'KeyInfo');
  const wrapped = readCipherValue(children);
  const listed = readList(children.take(XENC_NS, 'ReferenceList'), document);
  children.end();
  const [first, ...others] = listed.map((element) => readPart(element, key, document));
  if (first === undefined) throw new XmlFailure(SHAPE, 'a key that opens nothing');
  if (others.some(({ content }) => content !== first.content))
    throw new XmlFailure(SHAPE, 'one key for two methods');
  return { transport, wrapped, parts: [first, ...others] };
}

function readList(list: XmlElement, { ids }: XmlDocument): readonly XmlElement[] {
  const references = shapedChildren(list, [], SHAPE);
  if (references.length > MAX_PARTS) throw new XmlFailure(SHAPE, 'too many references');
  const targets = references.map((reference) => {
    if (!isNamed(reference, XENC_NS, 'DataReference')) throw new XmlFailure(SHAPE, 'reference');
    readInOrder(shapedChildren(reference, ['URI'], SHAPE), SHAPE).end();
    return ids.get(readId(requiredAttribute(reference, 'URI', SHAPE)));
  });
  const found = targets.filter((target) => target !== undefined);
  if (found.length < targets.length || new Set(found).size < found.length)
    throw new XmlFailure(SHAPE, 'a reference to nothing, or two to one');
  return found;
}

function readPart(element: XmlElement, key: XmlElement, document: XmlDocument): EncryptedPart {
  const children = openShape(element, 'EncryptedData', ['Id', 'Type', 'MimeType']);
  const content = readContentMethod(children.take(XENC_NS, 'EncryptionMethod'));
  const keyInfo = children.takeIf(DS_NS, 'KeyInfo');
  if (keyInfo && keyOf(keyInfo, document) !== key) throw new XmlFailure(SHAPE, 'of another key');
  const body = readCipherValue(children);
  children.end();
  return { element, type: typeOf(element), content, body };
}

function typeOf(element: XmlElement): EncryptedPart['type'] {
  const type = requiredAttribute(element, 'Type', SHAPE);
  if (type === ELEMENT_TYPE) return 'element';
  if (type === `${XENC_NS}Content`) return 'content';
  throw new XmlFailure(SHAPE, 'type of EncryptedData');
}

// WSS 1.1.1 §7.7: a reference by `#id`. That it names another key than the one that lists it is refused, not followed.
function keyOf(keyInfo: XmlElement, { ids }: XmlDocument): XmlElement | undefined {
  const [reference, second] = shapedChildren(keyInfo, ['Id'], SHAPE);
  if (reference === undefined || second !== undefined) throw new XmlFailure(SHAPE, 'KeyInfo');
  if (!isNamed(reference, WSSE_NS, 'SecurityTokenReference'))
    throw new XmlFailure(SHAPE, 'KeyInfo without a reference');
  const [direct, another] = elementsOf(reference, SHAPE);
  if (direct === undefined || another !== undefined || !isNamed(direct, WSSE_NS, 'Reference'))
    throw new XmlFailure(SHAPE, 'form of the reference to a key');
  return ids.get(readId(attributeOf(direct, 'URI') ?? ''));
}

function readId(uri: string): string {
  const id = uri.slice(1);
  if (!uri.startsWith('#') || !isNcName(id)) throw new XmlFailure(SHAPE, 'reference URI');
  return id;
}
