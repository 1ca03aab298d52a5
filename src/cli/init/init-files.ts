// The files of a first configuration: everything `viaduct.yaml` refers to, made fresh.
import { randomBytes, randomUUID } from 'node:crypto';
import { issueSelfSignedCertificate } from '#src/keys/certificate.ts';
import { generateKeyPem } from '#src/keys/generate.ts';
import { hashPassword } from '#src/users/password/password.ts';
import { publicJwkOf } from './demo-issuer.ts';
import { type InitFile, open, secret } from './init-file.ts';
import { redisSetup } from './redis-files.ts';

const YEAR_SECONDS = 365 * 24 * 3600;

async function tlsFiles(nowSeconds: number): Promise<readonly InitFile[]> {
  const keyPem = await generateKeyPem('ES256');
  const hosts = ['localhost', '127.0.0.1', '::1'];
  const certificate = { keyPem, commonName: 'localhost', hosts, notBefore: nowSeconds };
  return [
    secret('tls/localhost.key', keyPem),
    open(
      'tls/localhost.pem',
      issueSelfSignedCertificate({ ...certificate, lifetimeSeconds: YEAR_SECONDS }),
    ),
  ];
}

async function samlFiles(nowSeconds: number): Promise<readonly InitFile[]> {
  const keyPem = await generateKeyPem('RS256');
  const certificate = { keyPem, commonName: 'viaduct saml', notBefore: nowSeconds };
  return [
    secret('keys/saml.pem', keyPem),
    open(
      'keys/saml.crt',
      issueSelfSignedCertificate({ ...certificate, lifetimeSeconds: 3 * YEAR_SECONDS }),
    ),
  ];
}

async function userFiles(): Promise<readonly InitFile[]> {
  const password = randomBytes(12).toString('base64url');
  const user = {
    id: 'bob',
    password: await hashPassword(password),
    claims: { email: 'bob@example.org' },
  };
  return [
    secret('demo/bob.password', `${password}\n`),
    secret('users.yaml', `users:\n  - ${JSON.stringify(user)}\n`),
  ];
}

async function partnerFiles(): Promise<readonly InitFile[]> {
  const keyPem = await generateKeyPem('ES256');
  const jwks = publicJwkOf(keyPem, randomUUID());
  return [
    secret('demo/partner.key', keyPem),
    open('demo/partner.jwks.json', `${JSON.stringify(jwks, null, 2)}\n`),
  ];
}

const EMBEDDED_STORE = 'store: { sqlite: { path: data/viaduct.db } }';

/** Where the first configuration listens. */
export interface Ports {
  readonly public: number;
  readonly management: number;
}

export const DEFAULT_PORTS: Ports = { public: 8443, management: 9090 };

interface InitTerms {
  readonly nowSeconds: number;
  readonly ports: Ports;
  /** Where editors find the schema, from the directory. */
  readonly schemaPath: string;
  /** State is kept on this server; undefined: in the embedded store. */
  readonly redisAddress: string | undefined;
}

/** The configuration, and all it refers to, made now: keys, certificate and the demo issuer. */
export async function initFiles({
  nowSeconds,
  ports,
  redisAddress,
  schemaPath,
}: InitTerms): Promise<readonly InitFile[]> {
  const redis = redisAddress === undefined ? undefined : redisSetup(redisAddress);
  const [tls, saml, users, partner, es256, rs256] = await Promise.all([
    tlsFiles(nowSeconds),
    samlFiles(nowSeconds),
    userFiles(),
    partnerFiles(),
    generateKeyPem('ES256'),
    generateKeyPem('RS256', 2048),
  ]);
  return [
    ...tls,
    ...saml,
    ...users,
    ...partner,
    secret('keys/jwt-es256.pem', es256),
    secret('keys/jwt-rs256.pem', rs256),
    secret('keys/audit.key', `${randomBytes(32).toString('base64')}\n`),
    secret('demo/gateway.secret', `${randomBytes(32).toString('base64url')}\n`),
    ...(redis?.files ?? []),
    open(
      'viaduct.yaml',
      CONFIGURATION.replaceAll(`:${DEFAULT_PORTS.public}`, `:${ports.public}`)
        .replace(`:${DEFAULT_PORTS.management}`, `:${ports.management}`)
        .replace(SCHEMA, () => schemaPath)
        .replace(EMBEDDED_STORE, () => redis?.section ?? EMBEDDED_STORE),
    ),
  ];
}

const SCHEMA = './schema.json';

const CONFIGURATION = `# yaml-language-server: $schema=${SCHEMA}
# A first configuration, made by \`viaduct init\`: a gateway exchanges tokens of a partner, and a SOAP client that knows only
# user names gets its tokens from the same policy.
version: 1
issuer: https://localhost:${DEFAULT_PORTS.public}

listeners:
  public:
    address: 127.0.0.1:${DEFAULT_PORTS.public}
    tls: { certificate: { file: tls/localhost.pem }, key: { file: tls/localhost.key } }
  management: { address: 127.0.0.1:${DEFAULT_PORTS.management} }

# JWT and SAML have keys of their own.
keys:
  - { use: jwt, algorithm: ES256, key: { file: keys/jwt-es256.pem } }
  - { use: jwt, algorithm: RS256, key: { file: keys/jwt-rs256.pem } }
  - { use: saml, algorithm: RS256, key: { file: keys/saml.pem }, certificate: { file: keys/saml.crt } }

${EMBEDDED_STORE}
audit: { file: data/audit.jsonl, hmacKey: { file: keys/audit.key } }

# One address gets no more than this, so it cannot take the places of all. Behind a proxy, name that in \`trustedProxies\`, or everybody
# is one address; one gateway that asks for many users may need more.
limits: { perAddress: { requestsPerSecond: 200, burst: 400 } }

# Whose tokens we accept. The demo partner's private key lies in demo/ so that you can mint a subject token.
trustedIssuers:
  - id: partner
    issuer: https://partner.example
    jwt:
      jwks: { file: demo/partner.jwks.json }
      algorithms: [ES256]
      audiences: [https://localhost:${DEFAULT_PORTS.public}]

# Who may ask: clients by OAuth, users by WS-Trust.
clients:
  - client_id: gateway
    token_endpoint_auth_method: client_secret_basic
    client_secret: { file: demo/gateway.secret }
    grant_types:
      - client_credentials
      - urn:ietf:params:oauth:grant-type:token-exchange
      - urn:ietf:params:oauth:grant-type:jwt-bearer
      - urn:ietf:params:oauth:grant-type:saml2-bearer
users: [{ file: users.yaml }]
wsTrust: { profiles: [adfs] }

# For whom tokens are made. \`requestors\` is the target's consent: both sides must want it.
relyingParties:
  - id: orders
    resources: [https://orders.example/]
    audiences: [orders]
    appliesTo: [https://orders.example/soap]
    requestors: [gateway, principal:self:bob]
    token: { type: access_token, algorithm: { jwt: RS256, saml: RS256 }, lifetimeSeconds: 600 }
    scopes: [orders.read, orders.write]
    claims:
      - { claim: email, from: email }
      - { claim: roles, from: groups, multiple: true, only: [buyer, approver] }
      - { claim: tier, cel: 'claims.level >= 3 ? "gold" : "basic"', when: 'has(claims.level)' }

# What is allowed. No row, no token.
policy:
  - id: partner-to-orders
    requestor: { client: gateway }
    subject: { issuer: partner }
    target: orders
    allow: { types: [saml1, saml2], scopes: [orders.read], lifetimeSeconds: 600, impersonation: true, delegation: true }
  - id: gateway-itself
    requestor: { client: gateway }
    subject: { issuer: self }
    target: orders
    allow: { types: [saml2], scopes: [orders.read], scopeMode: mapped, lifetimeSeconds: 600, impersonation: true }
  - id: bob-by-soap
    requestor: { principal: { issuer: self, id: bob } }
    subject: { issuer: self }
    target: orders
    allow: { types: [saml1, saml2, jwt], scopes: [], lifetimeSeconds: 600 }
`;
