// What the claims of a verified JWT say, in core's words: audience, client, scope, authentication, the rest.
import { type ClaimSet, RESERVED_CLAIMS } from '#core/claims/claim.ts';
import type { Authentication } from '#core/claims/subject.ts';
import { ExchangeFailure, excerpt } from '#core/failure.ts';
import type { Instant } from '#core/instant.ts';
import type { JsonMembers } from '../jws/strict-json.ts';
import type { JwtTerms } from '../jwt-trust.ts';
import type { JwtTokenType } from '../jwt-type.ts';
import { loginInstantClaim, stringClaim, stringOrStrings, stringsClaim } from './claim-reader.ts';

/** The audiences; for a foreign token one of them must be ours (RFC 8725 §3.9). An ID token may have no others (OIDC Core §3.1.3.7 rule
 * 3): it tells of a login, and whoever else received it could show it here as well.
 * @throws {ExchangeFailure} `token-malformed`, `token-audience-mismatch` */
export function validateAudiences(
  claims: JsonMembers,
  type: JwtTokenType,
  terms: JwtTerms,
): readonly string[] {
  const audiences = stringOrStrings(claims, 'aud') ?? [];
  if (audiences.length === 0)
    throw new ExchangeFailure('token-audience-mismatch', 'the JWT names no audience');
  if (terms.isOwn) return audiences;
  const isTrusted = (audience: string): boolean => terms.audiences.includes(audience);
  if (!audiences.some(isTrusted))
    throw new ExchangeFailure(
      'token-audience-mismatch',
      `no audience of the JWT is ours: ${excerpt(audiences.join(' '))}`,
    );
  if (type === 'id_token' && !audiences.every(isTrusted))
    throw new ExchangeFailure('token-audience-mismatch', 'the ID token is for somebody else too');
  return audiences;
}

/** Who is said to be the client the token was issued to: `client_id` and `azp`. An ID token without them says it by its sole audience.
 * @throws {ExchangeFailure} `token-malformed` */
function namedClients(
  claims: JsonMembers,
  type: JwtTokenType,
  audiences: readonly string[],
): readonly string[] {
  const named = [stringClaim(claims, 'client_id'), stringClaim(claims, 'azp')].filter(
    (name) => name !== undefined,
  );
  return named.length === 0 && type === 'id_token' && audiences.length === 1 ? audiences : named;
}

/** The client the token was issued to, held against the authorized parties where there are some (OIDC Core §3.1.3.7 rules 4, 5).
 * @throws {ExchangeFailure} `token-malformed`, `token-audience-mismatch` */
export function validateOriginClient(
  claims: JsonMembers,
  { audiences, type }: { readonly audiences: readonly string[]; readonly type: JwtTokenType },
  { authorizedParties }: JwtTerms,
): string | undefined {
  const clients = namedClients(claims, type, audiences);
  const [client] = clients;
  if (!authorizedParties) return client;
  if (client === undefined || !clients.every((name) => authorizedParties.includes(name)))
    throw new ExchangeFailure(
      'token-audience-mismatch',
      'the token was not issued to an authorized party',
    );
  return client;
}

// RFC 6749 §3.3.
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** The scopes: `scope` as RFC 8693 §4.2 writes it, or `scp` as other issuers do. Both at once are not understood.
 * @throws {ExchangeFailure} `token-malformed` */
export function parseScopes(claims: JsonMembers): readonly string[] {
  if (claims.has('scope') && claims.has('scp'))
    throw new ExchangeFailure('token-malformed', 'the JWT has both scope and scp');
  const name = claims.has('scp') ? 'scp' : 'scope';
  const value = claims.get(name);
  if (value === undefined || value === '') return [];
  const scopes = (stringOrStrings(claims, name) ?? []).flatMap((text) =>
    Array.isArray(value) ? [text] : text.split(' ').filter((scope) => scope !== ''),
  );
  if (!scopes.every((scope) => SCOPE.test(scope)))
    throw new ExchangeFailure('token-malformed', `${name} has a character that no scope has`);
  return [...new Set(scopes)];
}

/** How the subject was authenticated, as far as the token says (OIDC Core §2).
 * @throws {ExchangeFailure} `token-malformed`, `token-not-yet-valid` */
export function parseAuthentication(
  claims: JsonMembers,
  { isOwn, skewSeconds }: JwtTerms,
  now: Instant,
): Authentication | undefined {
  const instant = loginInstantClaim(claims, 'auth_time');
  // A login of the future would be a fresh one for ever. Ours tell of none that is later than they are.
  if (!isOwn && instant !== undefined && instant > now + skewSeconds)
    throw new ExchangeFailure('token-not-yet-valid', 'auth_time has not come');
  const contextClass = stringClaim(claims, 'acr');
  const methods = stringsClaim(claims, 'amr');
  if (instant === undefined && contextClass === undefined && methods === undefined)
    return undefined;
  return {
    ...(instant !== undefined && { instant }),
    ...(methods !== undefined && { methods }),
    ...(contextClass !== undefined && { contextClass }),
  };
}

/** All members that neither identify, bind nor bound the token, as claims stated by its issuer. */
export function claimSetOf(claims: JsonMembers, issuer: string): ClaimSet {
  return [...claims]
    .filter(([name]) => !RESERVED_CLAIMS.has(name))
    .map(([name, value]) => ({
      name,
      values: Array.isArray(value) ? value : [value],
      issuer,
      originalIssuer: issuer,
    }));
}
