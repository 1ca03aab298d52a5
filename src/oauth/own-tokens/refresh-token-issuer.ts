// A refresh token as the token of an exchange (RFC 8693 §3): the first of the family that admission began.
import type { RefreshFamilies } from '#core/refresh/refresh-family.ts';
import type { TokenIssuer } from '#core/token/token-issuer.ts';

/** Writes what was decided; nothing is signed. */
export function createRefreshTokenIssuer(families: RefreshFamilies): TokenIssuer {
  return {
    canIssue: ({ type }) => type === 'refresh_token',
    issue: async (spec) => ({ spec, text: families.firstText(spec) }),
  };
}
