// Configuration -> oidc-provider. Everything the library would default or derive from a request is set here.

import { type Configuration, Provider } from 'oidc-provider';
import { createAdapter } from './adapter.ts';
import {
  type ClientAuthenticationParts,
  createAssertionHook,
  overrideClientAuthentication,
} from './clients/client-authentication.ts';
import { clientMetadata } from './clients/oauth-client.ts';
import { readOfferedBodies } from './form.ts';
import { REPEATABLE_PARAMETERS } from './grants/grant.ts';
import { GRANTS, PARAMETERS } from './grants/grants.ts';
import { refreshToken } from './grants/refresh-token.ts';
import { createOwnTokenMiddleware, type OwnTokenParts } from './own-tokens/own-tokens.ts';
import { markRefusal } from './request-state.ts';
import { createGrantHandler } from './token-endpoint.ts';

export interface ProviderParts
  extends OwnTokenParts,
    Omit<ClientAuthenticationParts, 'sts' | 'tokenEndpoint'> {
  /** Private JWKs for what the library itself signs; it changes them. */
  readonly jwks: readonly object[];
  /** The algorithms of those keys. */
  readonly signingAlgorithms: readonly string[];
  /** The algorithms of client assertions. */
  readonly assertionAlgorithms: readonly string[];
  /** Fetches the keys of clients, no more of them than it may. */
  readonly fetch: (url: string | URL | Request, init?: RequestInit) => Promise<Response>;
}

/** All grants we know. */
const GRANT_TYPES: readonly string[] = GRANTS.map(({ grantType }) => grantType);

/** The grants we serve: without a key there are no refresh tokens. */
export const servedGrantTypes = ({ families }: Pick<ProviderParts, 'families'>) =>
  GRANT_TYPES.filter((name) => families || name !== refreshToken.grantType);

/** The addresses below the issuer. */
export const ROUTES = {
  authorization: '/authorize',
  introspection: '/introspect',
  jwks: '/jwks',
  revocation: '/revoke',
  token: '/token',
} as const;

const CLIENT_AUTHENTICATION_METHODS = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'none',
] as const;

const OFF = { enabled: false } as const;

function features(): NonNullable<Configuration['features']> {
  // Who may inspect or revoke what is core's decision; opaque tokens are not issued, so the library finds none.
  const allowedPolicy = () => false;
  return {
    devInteractions: OFF,
    dPoP: OFF,
    pushedAuthorizationRequests: OFF,
    // Our grants read the targets. Without a default resource the library would answer a request with authorization_details, which our
    // grants refuse, with `invalid_target`.
    resourceIndicators: { enabled: false, defaultResource: async () => 'urn:viaduct:none' },
    rpInitiatedLogout: OFF,
    userinfo: OFF,
    clientCredentials: OFF,
    introspection: { enabled: true, allowedPolicy },
    revocation: { enabled: true, allowedPolicy },
  };
}

function discovery(algorithms: readonly string[]): Record<string, unknown> {
  const methods: readonly string[] = CLIENT_AUTHENTICATION_METHODS;
  return {
    // RFC 7662 §2.1: who proves nothing is told nothing. A client that only names itself revokes what it holds (RFC 7009 §2.1).
    introspection_endpoint_auth_methods_supported: methods.filter((method) => method !== 'none'),
    introspection_endpoint_auth_signing_alg_values_supported: algorithms,
    revocation_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_signing_alg_values_supported: algorithms,
  };
}

function configuration(
  parts: ProviderParts,
  authentication: ClientAuthenticationParts,
): Configuration {
  const algorithms = parts.signingAlgorithms as NonNullable<
    NonNullable<Configuration['enabledJWA']>['idTokenSigningAlgValues']
  >;
  const [defaultAlgorithm] = algorithms;
  if (defaultAlgorithm === undefined) throw new Error('no signing key for JWTs');
  return {
    adapter: createAdapter,
    clients: [...parts.clients.values()].map((client) => clientMetadata(client, GRANT_TYPES)),
    jwks: { keys: [...parts.jwks] } as NonNullable<Configuration['jwks']>,
    features: features(),
    routes: ROUTES,
    discovery: discovery(parts.assertionAlgorithms),
    // Without `code` the grant of a login is none that the library knows (RFC 6749 §5.2: unsupported_grant_type).
    responseTypes: ['none'],
    scopes: ['openid'],
    clientAuthMethods: [...CLIENT_AUTHENTICATION_METHODS],
    clientDefaults: {
      id_token_signed_response_alg: defaultAlgorithm,
      grant_types: [],
      response_types: [],
    },
    enabledJWA: {
      clientAuthSigningAlgValues: [...parts.assertionAlgorithms] as typeof algorithms,
      idTokenSigningAlgValues: algorithms,
    },
    clockTolerance: parts.clockSkewSeconds,
    assertJwtClientAuthClaimsAndHeader: createAssertionHook(authentication),
    fetch: parts.fetch,
    // `fetch` has bounded it already, as all that is fetched.
    fetchResponseBodyLimits: { jwks_uri: Number.POSITIVE_INFINITY },
    clientBasedCORS: () => false,
    findAccount: () => undefined,
    // Claims guard: what the library signs or stores carries no claim that core did not decide.
    extraTokenClaims: () => undefined,
    issueRefreshToken: () => false,
    renderError: (ctx, out) => {
      ctx.type = 'application/json; charset=utf-8';
      ctx.body = JSON.stringify(out);
    },
  };
}

/** Builds the library's server for one set of keys and clients. Rebuilt and swapped when either changes. */
export function createProvider(parts: ProviderParts): Provider {
  const tokenEndpoint = `${parts.issuer.replace(/\/$/, '')}${ROUTES.token}`;
  const authentication = { ...parts, tokenEndpoint };
  const provider = new Provider(parts.issuer, configuration(parts, authentication));
  overrideClientAuthentication(provider, authentication);
  readOfferedBodies(provider);
  for (const grant of GRANTS) {
    const handler = createGrantHandler(grant, parts);
    const names = [...PARAMETERS];
    provider.registerGrantType(grant.grantType, handler, names, [...REPEATABLE_PARAMETERS]);
  }
  provider.on('grant.error', markRefusal);
  provider.on('introspection.error', markRefusal);
  provider.on('revocation.error', markRefusal);
  provider.on('server_error', markRefusal);
  provider.use(createOwnTokenMiddleware(parts));
  return provider;
}
