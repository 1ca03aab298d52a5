// The key that a holder-of-key confirmation names (SAML Core 2.0 §2.4.1.3, SAML Token Profile 1.1.1 §3.5.1), read and written.
// It is not proved here.

import { element, type Markup } from '#bridge/xml/canonical/markup.ts';
import { encryptKey, type Recipient } from '#bridge/xml/encryption/encrypt.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { readKeyInfo, writeKeyInfo } from '#bridge/xml/keys/key-info.ts';
import { KEY_INFO, XENC_NS } from '#bridge/xml/namespaces.ts';
import { optionalVerifiedChild, type Verified } from '#bridge/xml/signature/proof.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import type { Confirmation } from '#core/token/confirmation.ts';
import { refuse } from './refusal.ts';

/** The key of one KeyInfo. A secret that is encrypted to the relying party is one we cannot hold anybody to.
 * @throws {ExchangeFailure} `confirmation-missing` when we cannot tell which key is meant, or it is too weak
 * @throws {XmlFailure} reading reasons */
export function keyInfoConfirmation(keyInfo: Verified<XmlElement>): Confirmation {
  if (optionalVerifiedChild(keyInfo, XENC_NS, 'EncryptedKey')) return { method: 'symmetric-key' };
  try {
    return readKeyInfo(keyInfo);
  } catch (cause) {
    if (!(cause instanceof XmlFailure) || cause.reason !== 'key-refused') throw cause;
    return refuse('confirmation-missing', cause.message);
  }
}

/** The KeyInfo for a key, undefined for a bearer; a secret goes encrypted to the relying party.
 * @throws {ExchangeFailure} `confirmation-missing` for a key of which only a thumbprint is known, and for a secret that nobody
 * could decrypt */
export function writeConfirmationKey(
  confirmation: Confirmation,
  recipient: Recipient | undefined,
): Markup | undefined {
  if (confirmation.method === 'bearer') return undefined;
  if (confirmation.method === 'symmetric-key') {
    const { secret } = confirmation;
    if (!secret || !recipient) refuse('confirmation-missing', 'a secret without its recipient');
    const encrypted = encryptKey(Buffer.from(secret.base64, 'base64'), recipient);
    return element(KEY_INFO, [], [encrypted]);
  }
  const { jwk, certificate } = confirmation;
  if (!jwk) refuse('confirmation-missing', 'a key of which only the thumbprint is known');
  return writeKeyInfo({ jwk, ...(certificate !== undefined && { certificate }) });
}
