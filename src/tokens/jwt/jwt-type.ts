// Which `typ` a JWT of a declared type may carry: one kind of JWT must never pass as another (RFC 8725 §3.11, §3.12).
import { ExchangeFailure } from '#core/failure.ts';
import type { TokenType } from '#core/token/token-type.ts';
import type { JsonMembers } from './jws/strict-json.ts';

/** The token types that are JWTs. */
export type JwtTokenType = Extract<TokenType, 'access_token' | 'jwt' | 'id_token'>;

/** A `typ` header we may take: an RFC 9068 access token, a plain JWT, or none. All others belong to other protocols. */
type HeaderType = 'at+jwt' | 'JWT' | 'absent';

/** The `typ` headers that tokens of each declared type may carry. An access token is never an ID token. */
type HeaderTypes = { readonly [type in JwtTokenType]: readonly HeaderType[] };

/** All of them. */
export const JWT_TOKEN_TYPES: readonly JwtTokenType[] = ['access_token', 'jwt', 'id_token'];

/** Of our own issuer: an access token may be declared `access_token` or `jwt`. */
const OWN_HEADER_TYPES: HeaderTypes = {
  access_token: ['at+jwt'],
  jwt: ['at+jwt', 'JWT'],
  id_token: ['JWT'],
};

/** Of a trusted issuer. */
const FOREIGN_HEADER_TYPES: HeaderTypes = {
  access_token: ['at+jwt'],
  jwt: ['JWT', 'absent'],
  id_token: ['JWT', 'absent'],
};

/** Whether a token of this type is a JWT. */
export function isJwtTokenType(type: TokenType): type is JwtTokenType {
  return JWT_TOKEN_TYPES.some((each) => each === type);
}

// Media types compare without case, and `application/` may be left out (RFC 7515 §4.1.9).
function headerTypeOf(header: JsonMembers): string {
  const typ = header.get('typ');
  if (typ === undefined) return 'absent';
  if (typeof typ !== 'string') throw new ExchangeFailure('token-malformed', 'typ is not a string');
  const name = typ.toLowerCase().replace(/^application\//, '');
  return name === 'jwt' ? 'JWT' : name === 'absent' ? '' : name;
}

/** What the record of an issuer says of types. */
interface TypeTerms {
  readonly isOwn: boolean;
  readonly types: readonly TokenType[];
}

/** Holds `typ` against the declared type.
 * @throws {ExchangeFailure} `token-type-unsupported` when the issuer's record has no such type; `token-malformed` */
export function validateHeaderType(
  header: JsonMembers,
  type: JwtTokenType,
  { isOwn, types }: TypeTerms,
): void {
  if (!types.includes(type))
    throw new ExchangeFailure('token-type-unsupported', `no ${type} is accepted of this issuer`);
  const headerTypes: readonly string[] = (isOwn ? OWN_HEADER_TYPES : FOREIGN_HEADER_TYPES)[type];
  if (!headerTypes.includes(headerTypeOf(header)))
    throw new ExchangeFailure('token-malformed', `the typ of the JWT is not one of ${type}`);
}

/** What only ID tokens say (OIDC Core §3.1.3.6, §3.3.2.11). */
const HASH_CLAIMS = ['at_hash', 'c_hash', 's_hash'] as const;

/** What no ID token says. */
const SCOPE_CLAIMS = ['scope', 'scp'] as const;

// Keycloak before 25 writes the nonce of the login into its access tokens as well, beside their scope.
const isIdToken = (claims: JsonMembers): boolean =>
  claims.get('token_use') === 'id' ||
  HASH_CLAIMS.some((name) => claims.has(name)) ||
  (claims.has('nonce') && !SCOPE_CLAIMS.some((name) => claims.has(name)));

/** An access token that was declared as a plain JWT is one still, and so is an ID token, as far as it can be told: whoever presents it
 * must not choose which rules it is held to. */
export function writtenTypeOf(
  header: JsonMembers,
  claims: JsonMembers,
  type: JwtTokenType,
): { readonly writtenType?: JwtTokenType } {
  if (type !== 'jwt') return {};
  if (headerTypeOf(header) === 'at+jwt') return { writtenType: 'access_token' };
  return isIdToken(claims) ? { writtenType: 'id_token' } : {};
}

function refuseMembers(claims: JsonMembers, names: readonly string[], detail: string): void {
  const found = names.find((name) => claims.has(name));
  if (found !== undefined) throw new ExchangeFailure('token-malformed', `${detail}: ${found}`);
}

/** Tells apart by content what `typ: JWT` does not tell apart: ID tokens, access tokens, security event tokens.
 * @throws {ExchangeFailure} `token-malformed` */
export function validateKind(claims: JsonMembers, type: JwtTokenType, isOwn: boolean): void {
  // Logout and security event tokens are signed by the same key (RFC 8417 §4).
  refuseMembers(claims, ['events'], 'a security event token is no token of this type');
  const tokenUse = claims.get('token_use');
  if (type === 'access_token') {
    refuseMembers(claims, HASH_CLAIMS, 'an ID token is no access token');
    if (tokenUse === 'id') throw new ExchangeFailure('token-malformed', 'token_use says id');
  }
  if (type === 'id_token') {
    refuseMembers(claims, SCOPE_CLAIMS, 'an access token is no ID token');
    // Ours name their client as azp; client_id is in every other JWT we issue.
    if (isOwn) refuseMembers(claims, ['client_id'], 'this token of ours is no ID token');
    if (tokenUse !== undefined && tokenUse !== 'id')
      throw new ExchangeFailure('token-malformed', 'token_use does not say id');
  }
}
