// The seal of what we keep of our tokens (docs/decisions/0023-kept-secrets.md): AES-256-GCM, under keys of its own, bound to the token.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Clock, Instant } from '#core/instant.ts';
import type { TokenSeal } from '#core/ledger/kept-token.ts';
import type { TokenRef } from '#core/token/security-token.ts';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Bump when the sealed form changes. */
const PURPOSE = 'viaduct kept secret 1';

// What is sealed for one token must not be put in the place of another's.
const boundTo = ({ id, issuer }: TokenRef): Buffer =>
  Buffer.from(JSON.stringify([PURPOSE, issuer, id]));

/** What one key is made of. */
interface SealSecret {
  /** 32 bytes or more. */
  readonly secret: Uint8Array;
  /** From when it seals. */
  readonly activeFrom: Instant;
}

/** A seal for the tokens of one issuer. All keys open; the one that started last seals, and before any has, the one that starts
 * first. Processes that know a key before it starts can open what others seal under it. */
export function createTokenSeal(
  secrets: readonly SealSecret[],
  issuer: string,
  clock: Clock,
): TokenSeal {
  const keys = secrets
    .map(({ activeFrom, secret }) => ({ activeFrom, key: keyOf(secret, issuer) }))
    .toSorted((left, right) => right.activeFrom - left.activeFrom);
  return {
    seal(text, token) {
      const now = clock.now();
      const sealing = keys.find(({ activeFrom }) => activeFrom <= now) ?? keys.at(-1);
      if (!sealing) throw new Error('a seal without a key');
      return sealUnder(sealing.key, text, token);
    },
    open(sealed, token) {
      const bytes = Buffer.from(sealed, 'base64url');
      if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined;
      // Another key, or another token. To know which would help nobody but who tries.
      for (const { key } of keys) {
        const text = openUnder(key, bytes, token);
        if (text !== undefined) return text;
      }
      return undefined;
    },
  };
}

const keyOf = (secret: Uint8Array, issuer: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, issuer, PURPOSE, KEY_BYTES));

function sealUnder(key: Uint8Array, text: string, token: TokenRef): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(boundTo(token));
  const sealed = [nonce, cipher.update(text, 'utf8'), cipher.final()];
  return Buffer.concat([...sealed, cipher.getAuthTag()]).toString('base64url');
}

function openUnder(key: Uint8Array, bytes: Buffer, token: TokenRef): string | undefined {
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
    .setAAD(boundTo(token))
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const opened = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
    return Buffer.concat([opened, decipher.final()]).toString();
  } catch {
    return undefined;
  }
}
