// Introspection (RFC 7662) of our own access tokens, JWTs and refresh tokens: what a good one says, to whom it concerns.

import type { Actor, Authentication } from '#core/claims/subject.ts';
import { inspect, type PresentedText } from '#core/inspect.ts';
import type { RefreshFamilies, RefreshFamily } from '#core/refresh/refresh-family.ts';
import { inspectRefreshToken } from '#core/refresh/refresh-lifecycle.ts';
import type { RelyingParty } from '#core/request/relying-party.ts';
import type { ValidatedToken } from '#core/token/security-token.ts';
import type { TokenService } from '#core/token-service.ts';
import { looksLikeRefreshToken } from './refresh-token-codec.ts';

export interface IntrospectionParts {
  readonly sts: TokenService;
  readonly relyingParties: readonly RelyingParty[];
  /** Absent: there are no refresh tokens. */
  readonly families?: RefreshFamilies;
}

/** What is not known is undefined here, and JSON leaves it out. */
type Members = Readonly<Record<string, unknown>>;

/** RFC 7662 §2.2: alone, so that nobody learns why. */
const INACTIVE: Members = { active: false };

function actClaim([actor, ...nested]: readonly Actor[]): Members | undefined {
  if (!actor) return undefined;
  return { iss: actor.issuer, sub: actor.id, client_id: actor.clientId, act: actClaim(nested) };
}

/** RFC 6749 §3.3: a scope is one name at least. */
const scopeMember = (scopes: readonly string[]): Members =>
  scopes.length > 0 ? { scope: scopes.join(' ') } : {};

/** How the subject logged in (RFC 9470 §6.2): a server may want it fresh, or strong. */
const authenticationMembers = ({ contextClass, instant, methods }: Authentication): Members => ({
  auth_time: instant,
  acr: contextClass,
  amr: methods,
});

/** How a token shows whose it is (RFC 8705 §3.2, RFC 9449 §6.2). Said to be a bearer token, one that is bound to a key would open the
 * door to whoever stole it. */
function bindingOf({ confirmation }: ValidatedToken): Members | undefined {
  if (confirmation.method === 'bearer') return { token_type: 'Bearer' };
  // There is no member for a secret that the server has in the token alone.
  if (confirmation.method === 'symmetric-key') return undefined;
  const { certificateThumbprint, jwkThumbprint } = confirmation;
  return { cnf: { 'x5t#S256': certificateThumbprint, jkt: jwkThumbprint } };
}

function introspectionResponse(token: ValidatedToken): Members {
  const binding = bindingOf(token);
  if (!binding) return INACTIVE;
  const claims = token.claims.map(({ name, values }) => [
    name,
    values.length === 1 ? values[0] : values,
  ]);
  return {
    ...(Object.fromEntries(claims) as Members),
    active: true,
    iss: token.issuer,
    sub: token.subject.id,
    aud: token.audiences.length === 1 ? token.audiences[0] : token.audiences,
    exp: token.lifetime.notOnOrAfter,
    nbf: token.lifetime.notBefore,
    ...binding,
    iat: token.issuedAt,
    jti: token.id,
    client_id: token.originClient,
    ...scopeMember(token.scopes),
    ...authenticationMembers(token.authentication ?? {}),
    act: actClaim(token.actors),
  };
}

// No `token_type`: RFC 7662 §2.2 means that of an access token, and nobody may take this for one.
function refreshTokenResponse(family: RefreshFamily): Members {
  const { clientId, issuedAt, notOnOrAfter, scopes, subject } = family;
  return {
    active: true,
    iss: subject.issuer,
    client_id: clientId,
    iat: issuedAt,
    exp: notOnOrAfter,
    ...scopeMember(scopes),
  };
}

/** What is told of a token.
 * @throws {ExchangeFailure} `dependency-unavailable` */
export async function introspect(
  { text, ...asked }: PresentedText,
  parts: IntrospectionParts,
): Promise<Members> {
  const { families, sts } = parts;
  if (looksLikeRefreshToken(text)) {
    const family = families && (await inspectRefreshToken({ ...asked, text }, { families, sts }));
    return family ? refreshTokenResponse(family) : INACTIVE;
  }
  // Bearer tokens only: to a server that asks, "active" says that it may let the bearer in.
  const token = { type: 'jwt', use: 'subject', content: text } as const;
  const found = await inspect({ ...asked, token }, sts, parts);
  return found ? introspectionResponse(found) : INACTIVE;
}
