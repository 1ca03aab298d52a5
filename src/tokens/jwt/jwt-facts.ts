// What the claims of a verified JWT say, in core's words: audience, client, scope, authentication, the rest.
import { type ClaimSet, RESERVED_CLAIMS } from '#core/claim.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { Instant } from '#core/instant.ts';
import type { Authentication } from '#core/subject.ts';
import { instantClaim, stringClaim, stringOrStrings, stringsClaim } from './claim-reader.ts';
import type { JwtTerms } from './jwt-trust.ts';
import type { JwtTokenType } from './jwt-type.ts';
import type { JsonMembers } from './strict-json.ts';

/** The audiences; for a foreign token one of them must be ours (RFC 8725 §3.9).
 * @throws {ExchangeFailure} `token-malformed`, `token-audience-mismatch` */
export function validateAudiences(claims: JsonMembers, terms: JwtTerms): readonly string[] {
  const audiences = stringOrStrings(claims, 'aud') ?? [];
  if (audiences.length === 0)
    throw new ExchangeFailure('token-audience-mismatch', 'the JWT names no audience');
  if (!terms.isOwn && !audiences.some((audience) => terms.audiences.includes(audience)))
    throw new ExchangeFailure('token-audience-mismatch', 'no audience of the JWT is ours');
  return audiences;
}

/** The client the token was issued to. An ID token says it as `client_id`, else `azp`, else by its sole audience.
 * @throws {ExchangeFailure} `token-malformed` */
export function originClientOf(
  claims: JsonMembers,
  type: JwtTokenType,
  audiences: readonly string[],
): string | undefined {
  const named = stringClaim(claims, 'client_id') ?? stringClaim(claims, 'azp');
  const soleAudience = audiences.length === 1 ? audiences[0] : undefined;
  return named ?? (type === 'id_token' ? soleAudience : undefined);
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

/** How the subject was authenticated, as far as the token says (OIDC Core §2). `latest` is when a login can have been at most.
 * @throws {ExchangeFailure} `token-malformed`, `token-not-yet-valid` */
export function parseAuthentication(
  claims: JsonMembers,
  latest: Instant,
): Authentication | undefined {
  const instant = instantClaim(claims, 'auth_time');
  // A login of the future would be a fresh one for ever.
  if (instant !== undefined && instant > latest)
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
