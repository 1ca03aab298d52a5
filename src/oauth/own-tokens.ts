// Introspection (RFC 7662) of our own access tokens and JWTs, revocation (RFC 7009) of all that we issue. The library
// authenticates the client and then says that structured tokens are not its business; from there on we answer.

import type { KoaContextWithOIDC } from 'oidc-provider';
import { ExchangeFailure } from '#core/failure.ts';
import { inspect, isInactive, revoke } from '#core/inspect.ts';
import type { Ledger } from '#core/ledger.ts';
import type { AuditLog } from '#core/ports.ts';
import type { RefreshFamilies, RefreshFamily } from '#core/refresh-family.ts';
import { inspectRefreshToken, revokeRefreshToken } from '#core/refresh-lifecycle.ts';
import type { RelyingParty } from '#core/relying-party.ts';
import type { Requestor } from '#core/requestor.ts';
import type { ValidatedToken } from '#core/security-token.ts';
import type { Actor } from '#core/subject.ts';
import type { TokenService } from '#core/token-service.ts';
import type { TokenType } from '#core/token-type.ts';
import { type OAuthClient, requestorOf } from './oauth-client.ts';
import { TOKEN_EXCHANGE_ERRORS } from './oauth-error.ts';
import { looksLikeRefreshToken } from './refresh-token-codec.ts';
import { correlationOf, markRequestor } from './request-state.ts';

export interface OwnTokenParts {
  /** Counts a request of an authenticated client.
   * @throws {ExchangeFailure} `rate-limited` */
  readonly admitClient?: (clientId: string) => void;
  readonly sts: TokenService;
  readonly clients: ReadonlyMap<string, OAuthClient>;
  readonly relyingParties: readonly RelyingParty[];
  readonly ledger: Ledger;
  /** Absent: there are no refresh tokens. */
  readonly families?: RefreshFamilies;
  readonly audit: AuditLog;
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
    act: actClaim(token.actors),
  };
}

// What may be revoked: all that we issue, or a client would hold a 200 for a token that lives on. A token is of one of these
// types at most, and revoking is nothing where it is not. Inspected are bearer tokens only: to a server that asks, "active"
// says that it may let the bearer in.
const revocableTypes = (content: string): readonly TokenType[] =>
  content.includes('.') ? ['jwt', 'id_token'] : ['saml2', 'saml1'];

/** An assertion that was encrypted for its target, in the wrapper of SAML 2.0 or bare. Which one it is we cannot read, so a 200 would
 * be a lie: it lives on. */
const isEncryptedAssertion = (content: string): boolean => {
  const text = Buffer.from(content, 'base64url').toString('latin1');
  return /^\s*(?:<\?[^>]*>\s*)?<(?:[\w.-]+:)?Encrypted(?:Assertion|Data)[\s/>]/.test(text);
};

function refuseEncrypted(ctx: KoaContextWithOIDC): void {
  ctx.status = 400;
  ctx.body = {
    error: 'unsupported_token_type',
    error_description: 'an encrypted assertion cannot be read here',
  };
  const detail = 'an encrypted assertion cannot be revoked by its text';
  ctx.state['refusal'] = new ExchangeFailure('token-type-unsupported', detail);
}

// RFC 7009 §2.2: a token that is none, or none of ours, needs nothing.
async function revokeQuietly(
  request: Parameters<typeof revoke>[0],
  parts: OwnTokenParts,
): Promise<void> {
  try {
    await revoke(request, parts.sts, parts);
  } catch (cause) {
    if (!isInactive(cause)) throw cause;
  }
}

/** A token as it was presented, and by whom. */
interface Presented extends Omit<Parameters<typeof revoke>[0], 'token'> {
  readonly content: string;
}

async function revokePresented(
  { content, ...asked }: Presented,
  parts: OwnTokenParts,
): Promise<void> {
  const { families } = parts;
  if (looksLikeRefreshToken(content)) {
    if (families) await revokeRefreshToken({ ...asked, text: content }, { ...parts, families });
    return;
  }
  for (const type of revocableTypes(content))
    await revokeQuietly({ ...asked, token: { type, use: 'subject', content } }, parts);
}

async function inspectPresented(
  { content, ...asked }: Presented,
  parts: OwnTokenParts,
): Promise<Members> {
  const { families, sts } = parts;
  if (looksLikeRefreshToken(content)) {
    const request = { ...asked, text: content };
    const family = families && (await inspectRefreshToken(request, { families }));
    return family ? refreshTokenResponse(family) : INACTIVE;
  }
  const request = { ...asked, token: { type: 'jwt', use: 'subject', content } } as const;
  const token = await inspect(request, sts, parts);
  return token ? introspectionResponse(token) : INACTIVE;
}

async function answer(
  ctx: KoaContextWithOIDC,
  requestor: Requestor,
  parts: OwnTokenParts,
): Promise<void> {
  const content = ctx.oidc.params?.['token'];
  if (typeof content !== 'string')
    throw new Error('the library let a request without a token pass');
  const presented = { ...correlationOf(ctx), requestor, content };
  if (ctx.oidc.route === 'introspection') ctx.body = await inspectPresented(presented, parts);
  else if (isEncryptedAssertion(content)) {
    refuseEncrypted(ctx);
    return;
  } else {
    await revokePresented(presented, parts);
    ctx.body = '';
  }
  ctx.status = 200;
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

const ROUTES: ReadonlySet<unknown> = new Set(['introspection', 'revocation']);

/** Whether the library has authenticated the client and left the answer to us. It says so of a JWT; of what it does not know it
 * says that it is not active, or revoked. A client that it only has found is not authenticated yet. */
function isOurs({ body, status }: { readonly body: unknown; readonly status: number }): boolean {
  const { error } = (body ?? {}) as { readonly error?: unknown };
  return status === 200 || error === 'unsupported_token_type';
}

/** Middleware around the library. Nothing is answered, and nothing counted, unless the library authenticated the client. */
export function createOwnTokenMiddleware(parts: OwnTokenParts) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<unknown>): Promise<void> => {
    await next();
    if (!ROUTES.has(ctx.oidc?.route) || !isOurs(ctx)) return;
    const client = parts.clients.get(ctx.oidc.client?.clientId ?? '');
    if (!client) throw new Error('the authenticated client is not configured');
    const requestor = requestorOf(client);
    markRequestor(ctx, requestor);
    try {
      parts.admitClient?.(client.client_id);
      await answer(ctx, requestor, parts);
    } catch (cause) {
      if (!(cause instanceof ExchangeFailure)) throw cause;
      const { status, error, description } = TOKEN_EXCHANGE_ERRORS[cause.reason];
      ctx.status = status;
      ctx.body = { error, error_description: description };
      ctx.state['refusal'] = cause;
    }
  };
}
