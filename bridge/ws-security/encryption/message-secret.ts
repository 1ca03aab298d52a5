// A message that is protected with a secret of its own (WSS 1.1.1 §7.7, WS-SecurityPolicy 1.2 §7.4, symmetric binding): its sender made the
// secret and encrypted it to us. That what is under it comes from one sender is all it shows; who that is, it does not tell.

import { createSecretKey } from 'node:crypto';
import type { Envelope } from '#bridge/soap/envelope.ts';
import { exactly, unwrapSecret } from '#bridge/xml/encryption/decrypt.ts';
import { decryptUnder } from '#bridge/xml/encryption/decrypt-parts.ts';
import type { ContentName } from '#bridge/xml/encryption/encryption-algorithms.ts';
import { readSharedKey } from '#bridge/xml/encryption/shared-key-shape.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { WSU_NS, XENC_NS } from '#bridge/xml/namespaces.ts';
import { childrenNamed } from '#bridge/xml/reader.ts';
import { attributeOf, type XmlDocument, type XmlElement } from '#bridge/xml/tree.ts';
import { runSecurely, SecurityFailure } from '../security-failure.ts';
import { kindOfToken } from '../tokens/presented-token.ts';
import { type ReferenceScope, resolveReference } from '../tokens/token-reference.ts';
import { deriveKey, type KeyDerivation, readDerivedKey } from './derived-key.ts';
import {
  OPENING_CODES,
  type OpenedEnvelope,
  type OpeningRules,
  openedEnvelope,
  requirePlaces,
  securityOf,
} from './message-encryption.ts';

/** The secret of a message, which is that of its answer too. */
export interface MessageSecret {
  /** The EncryptedKey, in the opened message. */
  readonly element: XmlElement;
  readonly value: Uint8Array;
  /** As it was encrypted to us. */
  readonly wrapped: Uint8Array;
  readonly content: ContentName;
  /** The DerivedKeyToken, in the opened message, of the key that parts were encrypted under; absent: it is the secret itself. */
  readonly derivedKey?: XmlElement;
}

/** An envelope after decryption, with the secret that opened it; absent where it has none. */
export interface EnvelopeUnderSecret extends OpenedEnvelope {
  readonly secret?: MessageSecret;
}

/** The length of a secret from which keys are only derived: enough for the derived keys, and at most one block of HMAC. */
const SECRET_BYTES = { minBytes: 16, maxBytes: 64 };

/** Opens the parts of a message that are encrypted under the secret of its one EncryptedKey, or under one key that is derived of it.
 * @throws {SecurityFailure} `invalid-security`, `invalid-security-token`, `unknown-derivation-source`, `unsupported-algorithm`
 * before any key is used; then only `failed-check` */
export async function openUnderSecret(
  envelope: Envelope,
  { unwrappers, limits }: OpeningRules,
): Promise<EnvelopeUnderSecret> {
  const security = securityOf(envelope);
  const [key, another] = security ? childrenNamed(security, XENC_NS, 'EncryptedKey') : [];
  if (security === undefined || key === undefined) return { envelope, confidential: new Set() };
  const [list, second] = childrenNamed(security, XENC_NS, 'ReferenceList');
  if (another ?? second) throw new SecurityFailure('invalid-security', 'two keys or lists');
  return runSecurely(OPENING_CODES, 'failed-check', async () => {
    const { document } = envelope;
    const shape = readSharedKey(key, document, list);
    const { parts, named, wrapped } = shape;
    const { keyBytes, name: content } = parts[0].content;
    requirePlaces(parts, envelope, security);
    const ids = [key, named].map((each) => idOf(each, document));
    const derivation = named === key ? undefined : derivationOf(named, key, { document, keyBytes });
    const lengths = derivation ? SECRET_BYTES : exactly(keyBytes);
    const value = await unwrapSecret(shape, unwrappers, lengths);
    const secret = derivation ? deriveKey(createSecretKey(value), derivation) : value;
    const opened = decryptUnder(document, parts, { secret, removed: list ? [list] : [], limits });
    const [element, derivedKey] = ids.map((id) => opened.ids.get(id));
    if (!element || !derivedKey) throw new Error('a key was not copied');
    const common = { element, value, wrapped, content };
    return {
      ...openedEnvelope(opened, envelope),
      secret: { ...common, ...(derivation && { derivedKey }) },
    };
  });
}

/** How the key of the parts is derived.
 * @throws {XmlFailure} `encryption-shape`
 * @throws {SecurityFailure} as {@link readDerivedKey}, `unknown-derivation-source` */
function derivationOf(
  token: XmlElement,
  key: XmlElement,
  { document, keyBytes }: { readonly document: XmlDocument; readonly keyBytes: number },
): KeyDerivation {
  if (token.parent !== key.parent || kindOfToken(token) !== 'derived-key')
    throw new XmlFailure('encryption-shape', 'parts of a key that is none');
  const derivation = readDerivedKey(token);
  requireSource(derivation, { document, tokens: [key] });
  if (derivation.length !== keyBytes)
    throw new XmlFailure('encryption-shape', 'length of the derived key');
  return derivation;
}

// Of another secret than that of this message it could be a key that was given to others.
function requireSource({ reference }: KeyDerivation, scope: ReferenceScope): void {
  try {
    // One that is embedded is none of the message.
    if (scope.tokens.includes(resolveReference(reference, scope))) return;
  } catch (cause) {
    if (!(cause instanceof SecurityFailure)) throw cause;
  }
  throw new SecurityFailure('unknown-derivation-source', 'a key of another secret');
}

// References name a key by its id. Which attribute that is depends on the vocabulary; a lookalike attribute may say anything.
function idOf(key: XmlElement, { ids }: XmlDocument): string {
  const written = [attributeOf(key, 'Id'), attributeOf(key, 'Id', WSU_NS)];
  const id = written.find((each) => each !== undefined && ids.get(each) === key);
  if (id === undefined) throw new XmlFailure('encryption-shape', 'a key without an Id');
  return id;
}
