// Encrypts finished XML and proof keys to a relying party (XML Encryption 1.1 §3, xml-security §7). Sign first.

import { Buffer } from 'node:buffer';
import { constants, createCipheriv, type KeyObject, publicEncrypt, randomBytes } from 'node:crypto';
import { writeBase64 } from '../base64.ts';
import {
  type AttributePair,
  element,
  type FinalXml,
  type Markup,
  type MarkupName,
} from '../canonical/markup.ts';
import { toWireBytes } from '../canonical/writer.ts';
import { XmlFailure } from '../failure.ts';
import { trustPublicKey } from '../keys/trusted-key.ts';
import {
  ds,
  ENCRYPTED_KEY,
  KEY_INFO,
  TOKEN_TYPE,
  wsse,
  XENC_NS,
  XENC11_NS,
} from '../namespaces.ts';
import {
  CONTENT_METHODS,
  type ContentMethod,
  type ContentName,
  GCM_IV_BYTES,
  GCM_TAG_BYTES,
  TRANSPORT_METHODS,
  type TransportName,
} from './encryption-algorithms.ts';

declare const accepted: unique symbol;

/** Who can decrypt, and how. Made once per relying party: {@link createRecipient}. */
export interface Recipient {
  readonly publicKey: KeyObject;
  readonly content: ContentName;
  readonly transport: TransportName;
  /** KeyInfo of the EncryptedKey: which of the recipient's keys it is. */
  readonly keyInfo?: Markup;
  readonly [accepted]: true;
}

/** What a recipient is made from; a new relying party gets AES-256-GCM and OAEP with SHA-256. */
export type RecipientOptions = Pick<Recipient, 'publicKey' | 'keyInfo'> &
  Partial<Pick<Recipient, 'content' | 'transport'>>;

/** Refuses a weak key of a relying party, and fills in the defaults.
 * @throws {XmlFailure} `key-refused` */
export function createRecipient(options: RecipientOptions): Recipient {
  const { publicKey, content = 'aes256-gcm', transport = 'rsa-oaep-sha256' } = options;
  if (trustPublicKey(publicKey).family !== 'rsa')
    throw new XmlFailure('key-refused', 'RSA key expected');
  return { ...options, content, transport } as Recipient;
}

/** Encrypts finished XML as EncryptedData of type Element, its key in the EncryptedKey of its own KeyInfo (D5). */
export function encryptXml(plain: FinalXml, recipient: Recipient): Markup {
  const { content } = recipient;
  const secret = randomBytes(CONTENT_METHODS[content].keyBytes);
  const key = { content, secret, reference: encryptKey(secret, recipient) };
  return encryptedData({ type: 'element', plain }, key);
}

/** A part of a message to be encrypted: one element, or all that an element holds. */
export interface PlainPart {
  /** `Id` of its EncryptedData. */
  readonly id: string;
  readonly type: 'element' | 'content';
  readonly plain: Markup | FinalXml;
}

/** Encrypts parts of a message under one key (WSS 1.1.1 §9): the EncryptedKey for the Security header, and an EncryptedData for the
 * place of each part. */
export function encryptParts(
  parts: readonly PlainPart[],
  recipient: Recipient,
  keyId: string,
): { readonly encryptedKey: Markup; readonly data: readonly Markup[] } {
  const { content } = recipient;
  const secret = randomBytes(CONTENT_METHODS[content].keyBytes);
  const reference = keyReference(keyId);
  const { data, list } = encryptUnder(parts, { content, secret, reference });
  return { encryptedKey: encryptKey(secret, recipient, { id: keyId, list }), data };
}

/** A key that both sides know, and how a message names it. */
export interface NamedSecret {
  readonly content: ContentName;
  /** As long as the method wants it. */
  readonly secret: Uint8Array;
  /** What stands in KeyInfo: a SecurityTokenReference, or the key itself, encrypted. */
  readonly reference: Markup;
}

/** Encrypts parts of a message under a key that its reader knows: an EncryptedData for the place of each part, and the ReferenceList
 * of all. */
export function encryptUnder(
  parts: readonly PlainPart[],
  key: NamedSecret,
): { readonly data: readonly Markup[]; readonly list: Markup } {
  const references = parts.map(({ id }) => element(xenc('DataReference'), [['URI', `#${id}`]]));
  const data = parts.map((part) => encryptedData(part, key));
  return { data, list: element(xenc('ReferenceList'), [], references) };
}

function encryptedData(
  { id, plain, type }: Omit<PlainPart, 'id'> & Partial<PlainPart>,
  { content, reference, secret }: NamedSecret,
): Markup {
  const method = CONTENT_METHODS[content];
  const kind: AttributePair = ['Type', `${XENC_NS}${type === 'element' ? 'Element' : 'Content'}`];
  const attributes = id === undefined ? [kind] : [['Id', id] as const, kind];
  return element(xenc('EncryptedData'), attributes, [
    element(xenc('EncryptionMethod'), [['Algorithm', method.identifier]]),
    element(KEY_INFO, [], [reference]),
    cipherData(encryptContent(toWireBytes(plain), method, secret)),
  ]);
}

function encryptContent(plain: Uint8Array, { cipher: name }: ContentMethod, key: Uint8Array) {
  const iv = randomBytes(GCM_IV_BYTES);
  const cipher = createCipheriv(name, key, iv, { authTagLength: GCM_TAG_BYTES });
  return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

// WSS 1.1.1 §7.7: by `#id`, with the type of what it names.
function keyReference(keyId: string): Markup {
  const direct = element(wsse('Reference'), [['URI', `#${keyId}`]]);
  return element(wsse('SecurityTokenReference'), [[TOKEN_TYPE, ENCRYPTED_KEY]], [direct]);
}

/** Encrypts a secret as EncryptedKey: a content key, or the proof key of a holder-of-key token. */
export function encryptKey(
  secret: Uint8Array,
  { publicKey, transport, keyInfo }: Recipient,
  shared?: { readonly id: string; readonly list: Markup },
): Markup {
  const { identifier, oaepHash, digest, mgf } = TRANSPORT_METHODS[transport];
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const wrapped = publicEncrypt({ key: publicKey, padding, oaepHash }, secret);
  const parameters = [element(ds('DigestMethod'), [['Algorithm', digest]])];
  if (mgf !== undefined) {
    parameters.push(
      element({ prefix: 'xenc11', uri: XENC11_NS, local: 'MGF' }, [['Algorithm', mgf]]),
    );
  }
  const method = element(xenc('EncryptionMethod'), [['Algorithm', identifier]], parameters);
  const children = keyInfo === undefined ? [method] : [method, keyInfo];
  const attributes: readonly AttributePair[] = shared ? [['Id', shared.id]] : [];
  const list = shared ? [shared.list] : [];
  return element(xenc('EncryptedKey'), attributes, [...children, cipherData(wrapped), ...list]);
}

function cipherData(bytes: Uint8Array): Markup {
  return element(xenc('CipherData'), [], [element(xenc('CipherValue'), [], [writeBase64(bytes)])]);
}

function xenc(local: string): MarkupName {
  return { prefix: 'xenc', uri: XENC_NS, local };
}
