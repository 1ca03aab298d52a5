// Reads EncryptedData and EncryptedKey before any key is used (XML Encryption 1.1 §3, xml-security §7).
// CipherReference, RetrievalMethod, EncryptionProperties, OAEPparams and lists of recipients are left out on purpose.

import { parseBase64 } from '../base64.ts';
import { XmlFailure } from '../failure.ts';
import { DS_NS, XENC_NS, XENC11_NS } from '../namespaces.ts';
import { textOf } from '../reader.ts';
import { type ChildReader, readShape, requireAttributes, requiredAttribute } from '../shape.ts';
import { attributeOf, isNamed, type XmlElement } from '../tree.ts';
import {
  type ContentMethod,
  contentMethod,
  TRANSPORT_METHODS,
  type TransportMethod,
  transportMethod,
} from './encryption-algorithms.ts';

/** An EncryptedKey of acceptable shape. */
export interface EncryptedKeyShape {
  readonly transport: TransportMethod;
  readonly wrapped: Uint8Array;
}

/** An EncryptedData of acceptable shape, with its one key. */
export interface EncryptedDataShape {
  readonly content: ContentMethod;
  readonly body: Uint8Array;
  readonly key: EncryptedKeyShape;
}

const SHAPE = 'encryption-shape';
export const ELEMENT_TYPE = `${XENC_NS}Element`;

/** Reads an EncryptedData whose KeyInfo holds exactly one EncryptedKey (D5).
 * @throws {XmlFailure} `encryption-shape`, `algorithm-refused`, `text-malformed` */
export function readEncryptedData(element: XmlElement): EncryptedDataShape {
  const children = openShape(element, 'EncryptedData', ['Id', 'Type', 'MimeType']);
  // SAML Core 2.0 §2.3.4: it should be there, and if it is, it means an element.
  const type = attributeOf(element, 'Type') ?? ELEMENT_TYPE;
  if (type !== ELEMENT_TYPE) throw new XmlFailure(SHAPE, 'type of EncryptedData');
  const method = children.take(XENC_NS, 'EncryptionMethod');
  const keyInfo = readShape(children.take(DS_NS, 'KeyInfo'), ['Id'], SHAPE);
  const key = readEncryptedKey(keyInfo.take(XENC_NS, 'EncryptedKey'));
  keyInfo.end();
  const content = readContentMethod(method);
  const body = readCipherValue(children);
  children.end();
  return { content, body, key };
}

/** Reads an EncryptedKey.
 * @throws {XmlFailure} `encryption-shape`, `algorithm-refused`, `text-malformed` */
export function readEncryptedKey(element: XmlElement): EncryptedKeyShape {
  const children = openShape(element, 'EncryptedKey', [
    'Id',
    'Recipient',
    'Type',
    'MimeType',
    'Encoding',
  ]);
  const transport = readTransport(children.take(XENC_NS, 'EncryptionMethod'));
  // A hint for choosing among our keys: it is neither read nor followed.
  children.takeIf(DS_NS, 'KeyInfo');
  const wrapped = readCipherValue(children);
  children.end();
  return { transport, wrapped };
}

/** The children of an element of encryption, in order. */
export function openShape(
  element: XmlElement,
  local: string,
  attributes: readonly string[],
): ChildReader {
  if (!isNamed(element, XENC_NS, local)) throw new XmlFailure(SHAPE, `${local} expected`);
  return readShape(element, attributes, SHAPE);
}

/** Reads how a key is transported.
 * @throws {XmlFailure} `encryption-shape`, `algorithm-refused` */
export function readTransport(element: XmlElement): TransportMethod {
  const children = readShape(element, ['Algorithm'], SHAPE);
  const method = transportMethod(requiredAttribute(element, 'Algorithm', SHAPE));
  const digest = children.takeIf(DS_NS, 'DigestMethod');
  const mgf = children.takeIf(XENC11_NS, 'MGF');
  children.end();
  // What is absent means SHA-1 (XML Encryption 1.1 §5.5.2), which only one of the pairs is.
  const digestName =
    digest === undefined ? TRANSPORT_METHODS['rsa-oaep-mgf1p'].digest : emptyMethod(digest);
  const mgfName = mgf === undefined ? undefined : emptyMethod(mgf);
  if (digestName !== method.digest || mgfName !== method.mgf) {
    throw new XmlFailure('algorithm-refused', 'parameters of OAEP');
  }
  return method;
}

/** Reads how content is encrypted.
 * @throws {XmlFailure} `encryption-shape`, `algorithm-refused` */
export function readContentMethod(method: XmlElement): ContentMethod {
  return contentMethod(emptyMethod(method));
}

function emptyMethod(element: XmlElement): string {
  readShape(element, ['Algorithm'], SHAPE).end();
  return requiredAttribute(element, 'Algorithm', SHAPE);
}

/** Reads the one value there is; a reference to one elsewhere is none.
 * @throws {XmlFailure} `encryption-shape`, `text-malformed` */
export function readCipherValue(children: ChildReader): Uint8Array {
  const data = readShape(children.take(XENC_NS, 'CipherData'), [], SHAPE);
  const value = data.take(XENC_NS, 'CipherValue');
  data.end();
  requireAttributes(value, [], SHAPE);
  return parseBase64(textOf(value));
}
