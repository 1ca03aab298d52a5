// Introspection and revocation behind the library: it authenticates the client and then says that structured tokens are not its
// business. From there on we answer.
import type { KoaContextWithOIDC } from 'oidc-provider';
import { ExchangeFailure } from '#core/failure.ts';
import type { PresentedText } from '#core/inspect.ts';
import { authenticatedClient, type OAuthClient, requestorOf } from '../clients/oauth-client.ts';
import { refreshToken } from '../grants/refresh-token.ts';
import { answerFailure } from '../oauth-error.ts';
import { correlationOf, markRefusal, markRequestor } from '../request-state.ts';
import { type IntrospectionParts, introspect } from './introspection.ts';
import { answerRevocation, type RevocationParts } from './revocation.ts';

export interface OwnTokenParts extends RevocationParts {
  /** Counts a request of an authenticated client.
   * @throws {ExchangeFailure} `rate-limited` */
  readonly admitClient: (clientId: string) => void;
  readonly clients: ReadonlyMap<string, OAuthClient>;
}

const ROUTES: ReadonlySet<unknown> = new Set(['introspection', 'revocation']);

/** Whether the library has authenticated the client and left the answer to us. It says so of a JWT; of what it does not know it
 * says that it is not active, or revoked. A client that it only has found is not authenticated yet. */
function isOurs({ body, status }: { readonly body: unknown; readonly status: number }): boolean {
  const { error } = (body ?? {}) as { readonly error?: unknown };
  return status === 200 || error === 'unsupported_token_type';
}

/** A client that may not refresh holds no refresh token that it could use. */
function usableBy(id: string, { families, ...parts }: OwnTokenParts): IntrospectionParts {
  const mayRefresh = parts.clients.get(id)?.grant_types.includes(refreshToken.grantType);
  return { ...parts, ...(families && mayRefresh === true && { families }) };
}

async function answer(
  ctx: KoaContextWithOIDC,
  asked: Omit<PresentedText, 'text'>,
  parts: OwnTokenParts,
): Promise<void> {
  const text = ctx.oidc.params?.['token'];
  if (typeof text !== 'string') throw new Error('the library let a request without a token pass');
  if (ctx.oidc.route === 'revocation') return answerRevocation(ctx, { ...asked, text }, parts);
  ctx.body = await introspect({ ...asked, text }, usableBy(asked.requestor.id, parts));
  ctx.status = 200;
}

/** RFC 7662 §2.1: who proves nothing is told nothing. Else a thief of the refresh token of such a client could see when its owner has
 * used it, use it right after, as if the answer had been lost, and go on unnoticed for ever.
 * @throws {ExchangeFailure} `requestor-unauthenticated` */
function requireProof({ oidc }: KoaContextWithOIDC, client: OAuthClient): void {
  if (oidc.route === 'introspection' && client.token_endpoint_auth_method === 'none')
    throw new ExchangeFailure('requestor-unauthenticated', 'a client that only names itself');
}

/** Middleware around the library. Nothing is answered, and nothing counted, unless the library authenticated the client. */
export function createOwnTokenMiddleware(parts: OwnTokenParts) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<unknown>): Promise<void> => {
    await next();
    if (!ROUTES.has(ctx.oidc?.route) || !isOurs(ctx)) return;
    const client = authenticatedClient(ctx, parts.clients);
    const requestor = requestorOf(client);
    try {
      requireProof(ctx, client);
      markRequestor(ctx, requestor);
      parts.admitClient(client.client_id);
      await answer(ctx, { ...correlationOf(ctx), requestor }, parts);
    } catch (cause) {
      if (!(cause instanceof ExchangeFailure)) throw cause;
      answerFailure(ctx, cause);
      markRefusal(ctx, cause);
    }
  };
}
