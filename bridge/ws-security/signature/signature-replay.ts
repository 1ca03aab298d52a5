// A signed message is good once (WSS 1.1.1 §13, xml-security E1): as long as its Timestamp lives, what was signed is remembered.

import { createHash, createHmac, hash } from 'node:crypto';
import { keyThumbprint } from '#bridge/xml/keys/public-key.ts';
import { validateRemembered } from '#core/decision/fence.ts';
import { type MarkParts, takeMark } from '../one-time-mark.ts';
import { SecurityFailure } from '../security-failure.ts';
import type { Timestamp, TimestampRules } from '../timestamp.ts';
import type { MessageSignature } from './message-signature.ts';

/** What the check needs. */
interface SignatureReplayParts extends MarkParts {
  readonly timestampRules: TimestampRules;
}

/** What was signed, and whether the same may be signed again. */
export interface SignatureUse {
  readonly signature: MessageSignature;
  readonly timestamp: Timestamp | undefined;
  /** The MessageID, where a signature over the Timestamp alone may be used again with another one: clients that send several messages
   * within a millisecond sign the same Timestamp. Absent: a signature is good once. */
  readonly inMessage?: string | undefined;
}

/** Takes the mark of a verified signature; the Timestamp under it bounds how long the mark is needed.
 * @throws {SecurityFailure} `invalid-security` when the message was sent before
 * @throws {ExchangeFailure} `dependency-unavailable`, also for one older than the store: not knowing is no reason to accept */
export async function useSignature(
  { signature: { coversBody, coversTimestamp, proof }, timestamp, inMessage }: SignatureUse,
  parts: SignatureReplayParts,
): Promise<void> {
  // Whoever accepts a signature without one would have to remember it for ever.
  if (!timestamp || !coversTimestamp) throw new Error('a signature without a Timestamp');
  const { created, expires } = timestamp;
  validateRemembered(created, parts.fence());
  const mark = ['wsse-signature', markOf(proof)];
  // From the latest `Created` that is taken to the last moment it is.
  const takenSeconds = expires - created + 2 * parts.timestampRules.skewSeconds;
  const isRepeatable = inMessage !== undefined && !coversBody;
  const ofMessage = isRepeatable ? [...mark, hash('sha256', inMessage)] : mark;
  if (!(await takeMark(ofMessage, takenSeconds, parts)))
    throw new SecurityFailure('invalid-security', 'the signed message was sent before', {
      reason: 'token-replayed',
    });
  // Where signatures are good once this one must not be used again either.
  if (isRepeatable) await takeMark(mark, takenSeconds, parts);
}

// The key is part of the mark: where the Timestamp alone is signed, two clients that write it in the same second sign the same words.
// Not by the bytes of the key, since the same key has several spellings that an attacker can choose outside of what is signed: an HMAC
// key with zeros behind it, or a curve point in its other encoding.
function markOf({ signedInfoDigest, signer }: MessageSignature['proof']): string {
  const { key, kind } = signer;
  if (kind === 'secret') return createHmac('sha256', key).update(signedInfoDigest).digest('hex');
  return createHash('sha256').update(signedInfoDigest).update(keyThumbprint(key)).digest('hex');
}
