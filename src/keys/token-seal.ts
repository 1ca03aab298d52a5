// The seal of what we keep of our tokens (docs/decisions/0023-kept-secrets.md): AES-256-GCM, under a key of its own, bound to the token.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { TokenSeal } from '#core/kept-token.ts';
import type { TokenRef } from '#core/security-token.ts';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Bump when the sealed form changes. */
const PURPOSE = 'viaduct kept secret 1';

// What is sealed for one token must not be put in the place of another's.
const boundTo = ({ id, issuer }: TokenRef): Buffer =>
  Buffer.from(JSON.stringify([PURPOSE, issuer, id]));

/** A seal for the tokens of one issuer, under a key of 32 bytes or more. */
export function createTokenSeal(secret: Uint8Array, issuer: string): TokenSeal {
  const key = new Uint8Array(hkdfSync('sha256', secret, issuer, PURPOSE, KEY_BYTES));
  return {
    seal(text, token) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(boundTo(token));
      const sealed = [nonce, cipher.update(text, 'utf8'), cipher.final()];
      return Buffer.concat([...sealed, cipher.getAuthTag()]).toString('base64url');
    },
    open(sealed, token) {
      const bytes = Buffer.from(sealed, 'base64url');
      if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined;
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
        .setAAD(boundTo(token))
        .setAuthTag(bytes.subarray(-TAG_BYTES));
      try {
        const opened = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
        return Buffer.concat([opened, decipher.final()]).toString();
      } catch {
        // Another key, or another token. To know which would help nobody but who tries.
        return undefined;
      }
    },
  };
}
