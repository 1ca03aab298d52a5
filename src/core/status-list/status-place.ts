// Which tokens have a place in a status list.
import type { PolicyRules } from '../policy.ts';
import type { TokenSpec } from '../token/token-spec.ts';
import { formOf, type TokenType } from '../token/token-type.ts';
import { type StatusLists, tokenIdAt } from './status-list.ts';

/** Of the family by what they are signed with, if they were. */
const NO_JWTS: readonly TokenType[] = ['refresh_token', 'sct'];

interface PlacingParts {
  readonly rules: PolicyRules;
  readonly statusLists: StatusLists;
}

/** Gives a JWT its place, where one of its targets wants that. The place names the token: from then on that is its id. */
export function placed(spec: TokenSpec, { rules, statusLists }: PlacingParts): TokenSpec {
  const isWanted = rules.relyingParties.some(
    ({ id, token }) => token.statusList === true && spec.relyingParties.includes(id),
  );
  const isJwt = formOf(spec.type) === 'jwt' && !NO_JWTS.includes(spec.type);
  if (!isWanted || !isJwt) return spec;
  const status = statusLists.allocate(spec.algorithm);
  const tokenId = tokenIdAt(status);
  const { renewal } = spec;
  // The first of a chain of renewals gives the chain its name.
  const isFirst = renewal?.family === spec.tokenId;
  return { ...spec, tokenId, status, ...(isFirst && { renewal: { ...renewal, family: tokenId } }) };
}
