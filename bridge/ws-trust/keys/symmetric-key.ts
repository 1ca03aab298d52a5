// The secret of a token (WS-Trust 1.3 §4.4.3 to §4.4.5): ours, the requestor's, or computed of both.

import { Buffer } from 'node:buffer';
import { createSecretKey, hash, randomBytes } from 'node:crypto';
import { computePSha1 } from '#bridge/ws-security/encryption/p-sha1.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { PublicKeyConfirmation, SymmetricKeyConfirmation } from '#core/token/confirmation.ts';
import type { KnownEntropy } from '../rst/entropy.ts';
import type { RstRequest } from '../rst/rst-request.ts';
import type { RequestedKey } from '../rst/use-key.ts';

/** How the requestor comes to the secret. */
export type SecretAnswer =
  | {
      readonly kind: 'issued';
      readonly secret: Buffer;
      /** Where the requestor wants it encrypted, to whom. */
      readonly encryptTo?: PublicKeyConfirmation;
    }
  | { readonly kind: 'computed'; readonly entropy: Buffer; readonly algorithm: string }
  /** It sent the secret itself: nothing is returned. */
  | { readonly kind: 'known' };

/** A secret and what is told of it. */
export interface MadeSecret {
  readonly confirmation: SymmetricKeyConfirmation;
  readonly secret: SecretAnswer;
}

const SIZES_BITS: readonly number[] = [128, 192, 256];
const DEFAULT_BITS = 256;
/** The octets from this one on, so many of them, stand within a character of UTF-8 (RFC 3629 §3). */
const WITHIN_CHARACTER = 0x80;
const WITHIN_CHARACTERS = 0x40;

/** The secret for a request.
 * @throws {ExchangeFailure} `request-malformed` for a size we do not make, and for entropy shorter than the key, which would make it
 * weaker than the answer says */
export function makeSecret({
  entropy,
  keySizeBits,
  proofEncryption,
  trust,
}: SecretRequest): MadeSecret {
  const bits =
    keySizeBits ?? (entropy?.kind === 'secret' ? entropy.bytes.length * 8 : DEFAULT_BITS);
  if (!SIZES_BITS.includes(bits)) throw malformed('KeySize');
  const bytes = bits / 8;
  if (entropy === undefined) {
    const secret = randomBytes(bytes);
    return made(secret, { kind: 'issued', secret, ...recipientOf(proofEncryption) });
  }
  // Only the whole secret is encrypted: our part of a computed one says nothing without the other.
  if (proofEncryption) throw unsupported('with Entropy');
  if (entropy.bytes.length < bytes) throw malformed('entropy is shorter than the key');
  if (entropy.kind === 'nonce') {
    const own = makeEntropy(bytes);
    const secret = computePSha1(createSecretKey(entropy.bytes), own, bytes);
    return made(secret, { kind: 'computed', entropy: own, algorithm: `${trust.base}/CK/PSHA1` });
  }
  // Cut to size, it would be another key than the requestor holds.
  if (entropy.bytes.length > bytes) throw malformed('the secret is longer than KeySize');
  return made(Buffer.from(entropy.bytes), { kind: 'known' });
}

// Theirs may be an EncryptedKey of somebody else, whose holder signs with keys that are derived of it (WS-SecureConversation 1.3 §7): by the
// same function, of a label and a nonce. A label is text, and no text begins with the octet that ours begins with: else the target of this
// token would read a key of that holder.
function makeEntropy(bytes: number): Buffer {
  const entropy = randomBytes(bytes);
  entropy[0] = WITHIN_CHARACTER | (entropy.readUInt8(0) % WITHIN_CHARACTERS);
  return entropy;
}

/** What a secret is made from, once its entropy is open. */
export type SecretRequest = Pick<RstRequest, 'keySizeBits' | 'trust' | 'proofEncryption'> & {
  readonly entropy?: KnownEntropy | undefined;
};

function recipientOf(wanted: RequestedKey | undefined): { encryptTo?: PublicKeyConfirmation } {
  if (!wanted) return {};
  if (wanted.key?.jwk?.kty !== 'RSA') throw unsupported('without an RSA key');
  return { encryptTo: wanted.key };
}

function made(secret: Buffer, answer: SecretAnswer): MadeSecret {
  return {
    confirmation: {
      method: 'symmetric-key',
      thumbprint: hash('sha256', secret, 'base64url'),
      secret: { base64: secret.toString('base64'), sizeBits: secret.length * 8 },
    },
    secret: answer,
  };
}

function unsupported(what: string): ExchangeFailure {
  return new ExchangeFailure('operation-unsupported', `ProofEncryption ${what}`);
}

function malformed(what: string): ExchangeFailure {
  return new ExchangeFailure('request-malformed', `a secret that cannot be made: ${what}`);
}
