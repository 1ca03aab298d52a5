// A registered client: RFC 7591 names, because operators paste them. As the library and as core see it.

import type { ClientMetadata, KoaContextWithOIDC } from 'oidc-provider';
import type { Instant } from '#core/instant.ts';
import type { Requestor } from '#core/request/requestor.ts';
import { BEARER } from '#core/token/confirmation.ts';

export interface OAuthClient {
  readonly client_id: string;
  readonly token_endpoint_auth_method:
    | 'client_secret_basic'
    | 'client_secret_post'
    | 'private_key_jwt'
    | 'none';
  readonly client_secret?: string | undefined;
  /** Taken as well while the client is given another one. */
  readonly previous_client_secret?: { readonly secret: string; readonly until: Instant };
  readonly jwks?: { readonly keys: readonly object[] } | undefined;
  readonly jwks_uri?: string | undefined;
  readonly token_endpoint_auth_signing_alg?: string | undefined;
  readonly grant_types: readonly string[];
  readonly scope?: string | undefined;
  /** Ids of the relying parties it is the server of. */
  readonly represents: readonly string[];
  readonly default_target?: string | undefined;
  /** Accepts the token endpoint as audience of its client assertions, and an hour of lifetime. */
  readonly legacy_client_assertion: boolean;
}

/** The client as the library must know it. Which grants it may use is checked by our own endpoint phase, so that the
 * refusal is `unauthorized_client` (RFC 6749 §5.2), which the library does not say. */
export function clientMetadata(client: OAuthClient, grantTypes: readonly string[]): ClientMetadata {
  const { client_id, token_endpoint_auth_method, client_secret, jwks, jwks_uri } = client;
  return {
    client_id,
    token_endpoint_auth_method,
    ...(client_secret !== undefined && { client_secret }),
    ...(jwks && {
      jwks: { keys: jwks.keys.map((key) => ({ ...key })) } as NonNullable<ClientMetadata['jwks']>,
    }),
    ...(jwks_uri !== undefined && { jwks_uri }),
    ...(client.token_endpoint_auth_signing_alg !== undefined && {
      token_endpoint_auth_signing_alg: client.token_endpoint_auth_signing_alg as 'ES256',
    }),
    grant_types: [...grantTypes],
  };
}

/** The configured client that the library has authenticated.
 * @throws {Error} when there is none */
export function authenticatedClient(
  { oidc }: KoaContextWithOIDC,
  clients: ReadonlyMap<string, OAuthClient>,
): OAuthClient {
  const client = clients.get(oidc.client?.clientId ?? '');
  if (!client) throw new Error('the authenticated client is not configured');
  return client;
}

/** The authenticated client as the caller of a use case. */
export function requestorOf(client: OAuthClient): Requestor {
  return {
    kind: 'client',
    id: client.client_id,
    method: client.token_endpoint_auth_method,
    ...(client.scope !== undefined && { scopes: client.scope.split(' ') }),
    represents: client.represents,
    ...(client.default_target !== undefined && { defaultTarget: client.default_target }),
    confirmation: BEARER,
  };
}
