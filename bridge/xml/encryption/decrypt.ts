// Decrypts what was encrypted to us (xml-security §7). One failure for key, tag and content, after the same work: no
// oracle. The result is a new document with its own root (V1); whatever is signed in it must be verified there (D6).

import { Buffer } from 'node:buffer';
import { createDecipheriv, type KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { XmlFailure } from '../failure.ts';
import { modulusBytesOf } from '../keys/trusted-key.ts';
import type { XmlLimits } from '../parser/limits.ts';
import { parseXml } from '../parser/parser.ts';
import type { XmlDocument, XmlElement } from '../tree.ts';
import { type ContentMethod, GCM_IV_BYTES, GCM_TAG_BYTES } from './encryption-algorithms.ts';
import { type EncryptedKeyShape, readEncryptedData, readEncryptedKey } from './encryption-shape.ts';

/** Unwraps keys with one RSA private key: in memory, KMS or PKCS#11. */
export interface KeyUnwrapper {
  /** Rejects with `decryption-failed` when the input does not open; any other error is an outage and is passed on. */
  unwrap(wrapped: Uint8Array, oaepHash: 'sha1' | 'sha256'): Promise<Uint8Array>;
}

/** All our keys. There are few, so each is tried: KeyInfo is not read, and an attacker cannot choose a key by it. The others are tried
 * even after one has opened, so that the time tells neither which key it was nor whether there was one. */
export type KeyUnwrappers = readonly KeyUnwrapper[];

/** An unwrapper over a private key in memory, on the thread pool.
 * @throws {XmlFailure} `key-refused` */
export function createKeyUnwrapper(key: KeyObject): KeyUnwrapper {
  const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (key.type !== 'private' || key.asymmetricKeyType !== 'rsa' || modulusLength < 2048) {
    throw new XmlFailure('key-refused', 'decryption key');
  }
  const modulusBytes = modulusBytesOf(key);
  // Only WebCrypto offers RSA decryption off the event loop; like the pairs we allow, it ties MGF1 to the hash.
  const imported = { sha1: importKey(key, 'SHA-1'), sha256: importKey(key, 'SHA-256') };
  return {
    async unwrap(wrapped, oaepHash) {
      // RFC 8017 §7.1.2: as long as the modulus. OpenSSL takes one without its leading zeros for the same: a second spelling.
      if (wrapped.byteLength !== modulusBytes) fail();
      const secret = await webcrypto.subtle
        .decrypt('RSA-OAEP', imported[oaepHash], new Uint8Array(wrapped))
        .catch(fail);
      return new Uint8Array(secret);
    },
  };
}

/** Decrypts an EncryptedData into a document of its own.
 * @throws {XmlFailure} `encryption-shape`, `algorithm-refused`, `text-malformed` before any key is used; then only
 * `decryption-failed`, and the reasons of the parser for content that was authentic */
export async function decryptXml(
  element: XmlElement,
  unwrappers: KeyUnwrappers,
  limits?: XmlLimits,
): Promise<XmlDocument> {
  const { content, body, key } = readEncryptedData(element);
  const secret = await unwrapSecret(key, unwrappers, exactly(content.keyBytes));
  return parseXml(decryptContent(content, body, secret), limits);
}

/** Decrypts an EncryptedKey: entropy or a proof key. The caller says how long it must be.
 * @throws {XmlFailure} `encryption-shape`, `algorithm-refused`, `text-malformed`, `decryption-failed` */
export async function decryptKey(
  element: XmlElement,
  unwrappers: KeyUnwrappers,
  lengths: KeyLengths,
): Promise<Uint8Array> {
  const [secret] = await unwrapAll(readEncryptedKey(element), unwrappers, lengths);
  return secret ?? fail();
}

/** The secret of a key. One that does not open, or has another length, is replaced: whatever is opened with it then fails exactly as a
 * wrong tag does. */
export async function unwrapSecret(
  shape: EncryptedKeyShape,
  unwrappers: KeyUnwrappers,
  lengths: KeyLengths,
): Promise<Uint8Array> {
  const [secret = randomBytes(lengths.minBytes)] = await unwrapAll(shape, unwrappers, lengths);
  return secret;
}

/** How long a key may be. */
interface KeyLengths {
  readonly minBytes: number;
  readonly maxBytes: number;
}

/** The one length that a key for encrypted content may have. */
export const exactly = (bytes: number): KeyLengths => ({ minBytes: bytes, maxBytes: bytes });

/** What the keys opened, of the length it must have. */
async function unwrapAll(
  { wrapped, transport: { oaepHash } }: EncryptedKeyShape,
  unwrappers: KeyUnwrappers,
  { minBytes, maxBytes }: KeyLengths,
): Promise<readonly Uint8Array[]> {
  const opened = await Promise.all(
    unwrappers.map((unwrapper) => unwrapper.unwrap(wrapped, oaepHash).catch(passOutage)),
  );
  return opened
    .filter((secret) => secret !== undefined)
    .filter(({ byteLength }) => byteLength >= minBytes && byteLength <= maxBytes);
}

function passOutage(error: unknown): undefined {
  if (!(error instanceof XmlFailure)) throw error;
}

/** The plaintext under a key of the right length.
 * @throws {XmlFailure} `decryption-failed` */
export function decryptContent(
  { cipher }: ContentMethod,
  body: Uint8Array,
  secret: Uint8Array,
): Buffer {
  const tagAt = body.byteLength - GCM_TAG_BYTES;
  if (tagAt < GCM_IV_BYTES) fail();
  const iv = body.subarray(0, GCM_IV_BYTES);
  const decipher = createDecipheriv(cipher, secret, iv, { authTagLength: GCM_TAG_BYTES });
  decipher.setAuthTag(body.subarray(tagAt));
  try {
    return Buffer.concat([decipher.update(body.subarray(GCM_IV_BYTES, tagAt)), decipher.final()]);
  } catch {
    return fail();
  }
}

// No cause and no detail: what failed inside must not reach even the text of the failure (E9).
function fail(): never {
  throw new XmlFailure('decryption-failed', 'decryption failed');
}

function importKey(key: KeyObject, hash: 'SHA-1' | 'SHA-256'): webcrypto.CryptoKey {
  return key.toCryptoKey({ name: 'RSA-OAEP', hash }, false, ['decrypt']);
}
