// SOAP messages encrypted the way clients encrypt them, and answers opened: over text and node:crypto, with every choice of a client
// open to the test. That the form is right is judged by WSS4J elsewhere.
import { Buffer } from 'node:buffer';
import {
  constants,
  createCipheriv,
  createDecipheriv,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';

const XENC = 'http://www.w3.org/2001/04/xmlenc#';
const XENC11 = 'http://www.w3.org/2009/xmlenc11#';
const DS = 'http://www.w3.org/2000/09/xmldsig#';
const SHA256_OAEP = `<xenc:EncryptionMethod Algorithm="${XENC11}rsa-oaep"><ds:DigestMethod xmlns:ds="${DS}" Algorithm="${XENC}sha256"/><xenc11:MGF xmlns:xenc11="${XENC11}" Algorithm="${XENC11}mgf1sha256"/></xenc:EncryptionMethod>`;

/** Where the EncryptedKey goes in a message. */
export const ENCRYPTED_KEY = '@ENCRYPTED-KEY@';

/** One part to encrypt: the text to be replaced, and whether it is an element or all that one holds. */
export interface PartWish {
  readonly text: string;
  readonly type: 'Element' | 'Content';
  readonly id?: string;
  /** What is encrypted in its place. */
  readonly plain?: string;
}

export interface EncryptionWishes {
  readonly publicKey: KeyObject;
  readonly parts: readonly PartWish[];
  /** The ids that the key lists; absent: those of the parts. */
  readonly listed?: readonly string[];
  /** The content of KeyInfo of each part. */
  readonly keyInfo?: string;
  readonly method?: string;
  /** What is wrapped; absent: a fresh one. */
  readonly secret?: Buffer;
  /** The key of the parts; absent: what is wrapped. */
  readonly partKey?: Buffer;
  /** Changes the bytes of a part after encryption. */
  readonly spoil?: (body: Buffer) => Buffer;
  /** Changes the EncryptedKey as text. */
  readonly key?: (encryptedKey: string) => string;
}

function sealed(plain: string, key: Buffer): Buffer {
  const iv = randomBytes(12);
  const cipher = createCipheriv(key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm', key, iv, {
    authTagLength: 16,
  });
  return Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** Replaces parts of a message by EncryptedData, and puts the key of all of them into the place of ENCRYPTED_KEY. */
export function encryptMessage(message: string, wishes: EncryptionWishes): string {
  const { key: changeKey = (text) => text, method = `${XENC11}aes256-gcm`, parts } = wishes;
  const { spoil = (body) => body, publicKey } = wishes;
  const key = wishes.secret ?? randomBytes(32);
  const { partKey = key } = wishes;
  const keyInfo =
    wishes.keyInfo ??
    '<wsse:SecurityTokenReference><wsse:Reference URI="#EK"/></wsse:SecurityTokenReference>';
  let encrypted = message;
  const ids = parts.map(({ id, plain, text, type }, index) => {
    const name = id ?? `ED-${index}`;
    if (!encrypted.includes(text)) throw new Error('nothing to encrypt');
    const data = `<xenc:EncryptedData xmlns:xenc="${XENC}" Id="${name}" Type="${XENC}${type}"><xenc:EncryptionMethod Algorithm="${method}"/><ds:KeyInfo xmlns:ds="${DS}">${keyInfo}</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>${spoil(sealed(plain ?? text, partKey)).toString('base64')}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>`;
    encrypted = encrypted.replace(text, () => data);
    return name;
  });
  const wrapped = publicEncrypt(
    { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
    key,
  ).toString('base64');
  const list = (wishes.listed ?? ids).map((id) => `<xenc:DataReference URI="#${id}"/>`).join('');
  const encryptedKey = `<xenc:EncryptedKey xmlns:xenc="${XENC}" Id="EK">${SHA256_OAEP}<xenc:CipherData><xenc:CipherValue>${wrapped}</xenc:CipherValue></xenc:CipherData><xenc:ReferenceList>${list}</xenc:ReferenceList></xenc:EncryptedKey>`;
  return encrypted.replace(ENCRYPTED_KEY, () => changeKey(encryptedKey));
}

/** An answer with all its EncryptedData opened in place, and its EncryptedKey left out. */
export function openMessage(message: string, privateKey: KeyObject): string {
  const found = /<xenc:EncryptedKey .*?<\/xenc:EncryptedKey>/s.exec(message)?.[0] ?? '';
  const value = (text: string) => /CipherValue>([^<]+)</.exec(text)?.[1] ?? '';
  const key = privateDecrypt(
    { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
    Buffer.from(value(found), 'base64'),
  );
  return openParts(message.replace(found, ''), key);
}

/** A message with all its EncryptedData opened in place under one key. */
export function openParts(message: string, key: Buffer): string {
  const value = (text: string) => /CipherValue>([^<]+)</.exec(text)?.[1] ?? '';
  return message.replaceAll(/<xenc:EncryptedData .*?<\/xenc:EncryptedData>/gs, (data) => {
    const body = Buffer.from(value(data), 'base64');
    const decipher = createDecipheriv('aes-256-gcm', key, body.subarray(0, 12), {
      authTagLength: 16,
    });
    decipher.setAuthTag(body.subarray(-16));
    return Buffer.concat([decipher.update(body.subarray(12, -16)), decipher.final()]).toString();
  });
}
