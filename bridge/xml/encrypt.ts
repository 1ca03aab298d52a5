// Encrypts finished XML and proof keys to a relying party (XML Encryption 1.1 §3, xml-security §7). Sign first.

import { Buffer } from 'node:buffer';
import type { KeyObject } from 'node:crypto';
import { constants, createCipheriv, publicEncrypt, randomBytes } from 'node:crypto';
import { writeBase64 } from './base64.ts';
import type { ContentName, TransportName } from './encryption-algorithms.ts';
import {
  CONTENT_METHODS,
  GCM_IV_BYTES,
  GCM_TAG_BYTES,
  TRANSPORT_METHODS,
} from './encryption-algorithms.ts';
import { XmlFailure } from './failure.ts';
import { trustPublicKey } from './keys.ts';
import type { FinalXml, Markup, MarkupName } from './markup.ts';
import { element } from './markup.ts';
import { DS_NS, XENC_NS, XENC11_NS } from './namespaces.ts';
import { toWireBytes } from './writer.ts';

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
export interface RecipientOptions {
  readonly publicKey: KeyObject;
  readonly content?: ContentName;
  readonly transport?: TransportName;
  readonly keyInfo?: Markup;
}

/** Checks a relying party's key and fills in the defaults.
 * @throws {XmlFailure} `key-refused` */
export function createRecipient(options: RecipientOptions): Recipient {
  const { publicKey, content = 'aes256-gcm', transport = 'rsa-oaep-sha256' } = options;
  if (trustPublicKey(publicKey).family !== 'rsa')
    throw new XmlFailure('key-refused', 'RSA key expected');
  return { ...options, content, transport } as Recipient;
}

/** Encrypts finished XML as EncryptedData of type Element, its key in the EncryptedKey of its own KeyInfo (D5). */
export function encryptXml(plain: FinalXml, recipient: Recipient): Markup {
  const method = CONTENT_METHODS[recipient.content];
  const key = randomBytes(method.keyBytes);
  const iv = randomBytes(GCM_IV_BYTES);
  const cipher = createCipheriv(method.cipher, key, iv, { authTagLength: GCM_TAG_BYTES });
  const body = Buffer.concat([
    iv,
    cipher.update(toWireBytes(plain)),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  const keyInfo = element(
    { prefix: 'ds', uri: DS_NS, local: 'KeyInfo' },
    [],
    [encryptKey(key, recipient)],
  );
  const encryption = element(xenc('EncryptionMethod'), [['Algorithm', method.identifier]]);
  return element(
    xenc('EncryptedData'),
    [['Type', `${XENC_NS}Element`]],
    [encryption, keyInfo, cipherData(body)],
  );
}

/** Encrypts a secret as EncryptedKey: a content key, or the proof key of a holder-of-key token. */
export function encryptKey(
  secret: Uint8Array,
  { publicKey, transport, keyInfo }: Recipient,
): Markup {
  const { identifier, oaepHash, digest, mgf } = TRANSPORT_METHODS[transport];
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const wrapped = publicEncrypt({ key: publicKey, padding, oaepHash }, secret);
  const parameters = [
    element({ prefix: 'ds', uri: DS_NS, local: 'DigestMethod' }, [['Algorithm', digest]]),
  ];
  if (mgf !== undefined) {
    parameters.push(
      element({ prefix: 'xenc11', uri: XENC11_NS, local: 'MGF' }, [['Algorithm', mgf]]),
    );
  }
  const method = element(xenc('EncryptionMethod'), [['Algorithm', identifier]], parameters);
  const children = keyInfo === undefined ? [method] : [method, keyInfo];
  return element(xenc('EncryptedKey'), [], [...children, cipherData(wrapped)]);
}

function cipherData(bytes: Uint8Array): Markup {
  return element(xenc('CipherData'), [], [element(xenc('CipherValue'), [], [writeBase64(bytes)])]);
}

function xenc(local: string): MarkupName {
  return { prefix: 'xenc', uri: XENC_NS, local };
}
