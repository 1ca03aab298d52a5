// What an answer tells of the key of its token (WS-Trust 1.3 §4.4, ws-trust W10): BinarySecret alone, or ComputedKey with our
// Entropy beside it, or nothing.

import { createPublicKey } from 'node:crypto';
import { writeBase64 } from '#bridge/xml/base64.ts';
import { element, type Markup } from '#bridge/xml/canonical/markup.ts';
import { createRecipient, encryptKey } from '#bridge/xml/encryption/encrypt.ts';
import { writeKeyInfo } from '#bridge/xml/keys/key-info.ts';
import type { Confirmation } from '#core/token/confirmation.ts';
import { trustElement } from '../answer/response.ts';
import { type TrustNames, trustName } from '../names.ts';
import type { SecretAnswer } from './symmetric-key.ts';

/** RequestedProofToken, where there is a secret to tell of. */
export function writeProofToken(trust: TrustNames, secret: SecretAnswer | undefined): Markup[] {
  if (secret === undefined || secret.kind === 'known') return [];
  const content =
    secret.kind === 'issued'
      ? writeSecret(trust, secret)
      : trustElement(trust, 'ComputedKey', [secret.algorithm]);
  return [trustElement(trust, 'RequestedProofToken', [content])];
}

// EncryptedKey only when it was asked for: some clients throw at it (ws-trust W10).
function writeSecret(trust: TrustNames, { secret, encryptTo }: IssuedSecret): Markup {
  if (encryptTo?.jwk === undefined) return binarySecret(trust, 'SymmetricKey', secret);
  const { jwk, certificate } = encryptTo;
  const keyInfo = writeKeyInfo({ jwk, ...(certificate !== undefined && { certificate }) });
  const publicKey = createPublicKey({ key: { ...jwk }, format: 'jwk' });
  return encryptKey(secret, createRecipient({ publicKey, keyInfo }));
}

type IssuedSecret = Extract<SecretAnswer, { readonly kind: 'issued' }>;

/** Our Entropy, where the secret is computed of both. */
export function writeEntropy(trust: TrustNames, secret: SecretAnswer | undefined): Markup[] {
  if (secret?.kind !== 'computed') return [];
  const entropy = binarySecret(trust, 'Nonce', secret.entropy);
  return [trustElement(trust, 'Entropy', [entropy])];
}

/** KeySize of a secret: the real one, in bits. */
export function writeKeySize(trust: TrustNames, confirmation: Confirmation): Markup[] {
  if (confirmation.method !== 'symmetric-key' || !confirmation.secret) return [];
  return [trustElement(trust, 'KeySize', [String(confirmation.secret.sizeBits)])];
}

function binarySecret(trust: TrustNames, type: string, bytes: Uint8Array): Markup {
  const attributes = [['Type', `${trust.base}/${type}`]] as const;
  return element(trustName(trust, 'BinarySecret'), attributes, [writeBase64(bytes)]);
}
