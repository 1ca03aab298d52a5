// What is remembered between the legs of a challenge goes to the client and back, sealed: any process of any host can read it,
// nobody else can, and nobody can make the server remember without end (WS-Trust 1.4 §8.9, ContextData).

import { Buffer } from 'node:buffer';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { ExchangeFailure } from '#core/failure.ts';
import type { Instant } from '#core/instant.ts';

/** What is asked for: a one-time password, or a signature over the challenge. */
export type ChallengeKind = 'one-time-password' | 'signature';

/** A request that waits for an answer. */
interface ChallengeState {
  readonly kind: ChallengeKind;
  /** Of the challenge: it is answered once. */
  readonly id: string;
  readonly until: Instant;
  /** The name in the UsernameToken, or of the requestor who signed: the answer must come from the same. */
  readonly asked: string;
  /** On every message of the exchange. */
  readonly context: string;
  /** The endpoint as the client called it. */
  readonly address: string;
  /** The request as it came, as canonical XML. */
  readonly request: string;
}

export interface ChallengeSeal {
  seal(state: ChallengeState): string;
  /** @throws {ExchangeFailure} `request-malformed` for what this seal has not made */
  open(text: string): ChallengeState;
}

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Bump when the sealed form changes: an old one is then none of ours. */
const LABEL = Buffer.from('viaduct challenge 1');

function refuse(cause?: unknown): never {
  // One refusal for all: which part was wrong helps only who tries.
  throw new ExchangeFailure('request-malformed', 'ContextData that is none of ours', { cause });
}

/** A seal under a key of 32 bytes. */
export function createChallengeSeal(key: Uint8Array): ChallengeSeal {
  return {
    seal(state) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(LABEL);
      const sealed = [nonce, cipher.update(JSON.stringify(state), 'utf8'), cipher.final()];
      return Buffer.concat([...sealed, cipher.getAuthTag()]).toString('base64url');
    },
    open(text) {
      const bytes = Buffer.from(text, 'base64url');
      // Bits after the last octet would give one state several spellings.
      if (bytes.toString('base64url') !== text) return refuse();
      if (bytes.length <= NONCE_BYTES + TAG_BYTES) return refuse();
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const tag = bytes.subarray(-TAG_BYTES);
      const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
        .setAAD(LABEL)
        .setAuthTag(tag);
      try {
        const opened = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
        // Only what we sealed gets here, so it has the form we gave it.
        const state = Buffer.concat([opened, decipher.final()]).toString();
        return JSON.parse(state) as ChallengeState;
      } catch (cause) {
        return refuse(cause);
      }
    },
  };
}
