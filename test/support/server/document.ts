// The configuration of a test server as a document, before it becomes YAML: tests change only what they are about.

// biome-ignore format: one line a section reads best
export interface ConfigDocument {
  [section: string]: unknown;
  clients: Record<string, unknown>[];
  relyingParties: Record<string, unknown>[];
  policy: Record<string, unknown>[];
  trustedIssuers: Record<string, unknown>[];
}

export const ISSUER = 'https://sts.example.org';
export const PARTNER = 'https://partner.example';
export const GATEWAY_SECRET = 'gateway-secret-of-at-least-32-characters';
export const ORDERS_SECRET = 'orders-secret-of-at-least-thirty-two-chars';
/** How the gateway authenticates. */
export const GATEWAY_BASIC = `Basic ${Buffer.from(`gateway:${GATEWAY_SECRET}`).toString('base64')}`;
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
export const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt';
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';
export const ID_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:id_token';

const ALL_GRANTS = ['client_credentials', TOKEN_EXCHANGE, JWT_BEARER];

/** A gateway, a partner's tokens, an orders and a billing service, and policy that lets the first reach the second. */
export function aConfigDocument(): ConfigDocument {
  return {
    version: 1,
    issuer: ISSUER,
    listeners: { public: { address: '127.0.0.1:0' }, management: { address: '127.0.0.1:0' } },
    keys: [
      { use: 'jwt', algorithm: 'ES256', key: { file: 'keys/es256.pem' } },
      { use: 'jwt', algorithm: 'RS256', key: { file: 'keys/rs256.pem' } },
    ],
    store: { sqlite: { path: 'data/viaduct.db' } },
    audit: {
      file: 'data/audit.jsonl',
      hmacKey: { file: 'keys/audit.key' },
      // Longer than a disk takes that all other tests are at as well: few tests are about how long a request may wait.
      waitMilliseconds: 10_000,
    },
    log: { level: 'error' },
    trustedIssuers: [
      {
        id: 'partner',
        issuer: PARTNER,
        jwt: {
          jwks: { file: 'partner.jwks.json' },
          algorithms: ['ES256'],
          audiences: [ISSUER],
          types: ['jwt', 'id_token'],
        },
      },
    ],
    clients: [
      {
        client_id: 'gateway',
        token_endpoint_auth_method: 'client_secret_basic',
        client_secret: { file: 'gateway.secret' },
        grant_types: ALL_GRANTS,
        default_target: 'orders',
      },
      {
        client_id: 'orders-api',
        token_endpoint_auth_method: 'client_secret_post',
        client_secret: { file: 'orders.secret' },
        grant_types: ALL_GRANTS,
        represents: ['orders'],
      },
    ],
    relyingParties: [
      {
        id: 'orders',
        resources: ['https://orders.example/'],
        audiences: ['orders'],
        requestors: ['gateway', 'orders-api'],
        token: { type: 'access_token', algorithm: 'ES256', lifetimeSeconds: 600 },
        scopes: ['orders.read', 'orders.write'],
        claims: [
          { claim: 'email', from: 'email' },
          { claim: 'roles', from: 'groups', multiple: true, only: ['buyer', 'approver'] },
        ],
      },
      {
        id: 'billing',
        resources: ['https://billing.example/'],
        audiences: ['billing'],
        requestors: ['orders-api'],
        token: { type: 'access_token', algorithm: 'RS256', lifetimeSeconds: 600 },
        scopes: ['billing.read'],
      },
    ],
    policy: [
      {
        id: 'partner-to-orders',
        requestor: { client: 'gateway' },
        subject: { issuer: 'partner' },
        target: 'orders',
        allow: {
          types: ['jwt', 'id_token'],
          scopes: ['orders.read'],
          lifetimeSeconds: 300,
          impersonation: true,
          delegation: true,
        },
      },
      {
        id: 'gateway-itself',
        requestor: { client: 'gateway' },
        subject: { issuer: 'self' },
        target: 'orders',
        allow: {
          scopes: ['orders.read'],
          scopeMode: 'mapped',
          lifetimeSeconds: 300,
          impersonation: true,
        },
      },
      {
        id: 'orders-to-billing',
        requestor: { client: 'orders-api' },
        subject: { issuer: 'self' },
        target: 'billing',
        allow: {
          scopes: ['billing.read'],
          scopeMode: 'mapped',
          lifetimeSeconds: 300,
          requestorAsActor: true,
          delegation: true,
        },
      },
    ],
  };
}

/** Adds a client that only names itself, and lets it ask in the place of the gateway. */
export function withPublicClient({ clients, policy, relyingParties }: ConfigDocument): void {
  clients.push({
    client_id: 'public',
    token_endpoint_auth_method: 'none',
    grant_types: [TOKEN_EXCHANGE],
  });
  Object.assign(relyingParties[0] ?? {}, { requestors: ['public'] });
  Object.assign(policy[0] ?? {}, { requestor: { client: 'public' } });
}

/** Every row grants this, too. */
export function grantBesides(document: ConfigDocument, more: object): void {
  for (const row of document.policy) row['allow'] = { ...(row['allow'] as object), ...more };
}
