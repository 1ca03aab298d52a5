// The text of our refresh tokens: family, number and a code that only we can make. Nothing is kept from which one could be made,
// so whoever reads the store holds none.
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { ExchangeFailure } from '#core/failure.ts';
import type { RefreshTokenCodec, RefreshTokenName } from '#core/refresh/refresh-token.ts';

/** So that scanners for secrets, and we, know one when we see it. No character of it stands in a JWT or in base64. */
const PREFIX = 'vrt~';
const TEXT = /^vrt~([\w-]{16,64})~([1-9]\d{0,8})~([\w-]{43})$/;

/** Whether a text is meant to be a refresh token of ours. */
export const looksLikeRefreshToken = (text: string): boolean => text.startsWith(PREFIX);

/** A codec for tokens of this issuer, under a key that all its processes share.
 * @throws {Error} for a key that could be guessed */
export function createRefreshTokenCodec(key: Uint8Array, issuer: string): RefreshTokenCodec {
  if (key.length < 32) throw new Error('the key of refresh tokens has 32 bytes or more');
  const secret = createSecretKey(key);
  const codeOf = ({ family, number }: RefreshTokenName): string =>
    createHmac('sha256', secret)
      .update(JSON.stringify(['refresh-token', issuer, family, number]))
      .digest('base64url');
  return {
    write: (name) => `${PREFIX}${name.family}~${name.number}~${codeOf(name)}`,
    parse(text) {
      const [, family = '', digits = '', code = ''] = TEXT.exec(text) ?? [];
      const name = { family, number: Number(digits) };
      // Compared in constant time: how much of a guess was right must not show.
      if (code === '' || !timingSafeEqual(Buffer.from(code), Buffer.from(codeOf(name))))
        throw new ExchangeFailure('token-malformed', 'no refresh token of ours');
      return name;
    },
  };
}
