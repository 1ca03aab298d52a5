// The test configuration with the other half of the product: our SAML key, a partner that writes assertions, users.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashPassword } from '#src/users/password/password.ts';
import { type ConfigDocument, ISSUER, TOKEN_EXCHANGE } from '#test/support/server/document.ts';
import { BILLING } from '#test/support/ws-trust/rst.ts';
import { aCertifiedKey, aSamlIssuer, type CertifiedKey, type ForeignSamlIssuer } from './saml.ts';

export const SAML2_BEARER = 'urn:ietf:params:oauth:grant-type:saml2-bearer';
export const SAML1_TYPE = 'urn:ietf:params:oauth:token-type:saml1';
export const SAML2_TYPE = 'urn:ietf:params:oauth:token-type:saml2';
export const PASSWORD = 'correct horse battery staple';
export const ALL_TYPES = ['access_token', 'jwt', 'id_token', 'saml1', 'saml2'] as const;

export interface SamlWorld {
  readonly partner: ForeignSamlIssuer;
  readonly ours: CertifiedKey;
}

/** Test users cost little to verify. */
const CHEAP = { N: 2 ** 14, r: 8, p: 1 } as const;

async function writeSecret(directory: string, name: string, text: string): Promise<void> {
  await mkdir(join(directory, 'keys'), { recursive: true });
  await writeFile(join(directory, name), text, { mode: 0o600 });
}

function addRows(document: ConfigDocument): void {
  const allow = {
    types: ALL_TYPES,
    scopes: ['orders.read'],
    scopeMode: 'mapped',
    lifetimeSeconds: 300,
    impersonation: true,
    delegation: true,
  };
  const all = ['partner', 'partner-saml', 'self'];
  document.policy = [
    {
      id: 'any-to-orders',
      requestor: { client: 'gateway' },
      subject: { issuer: all },
      target: 'orders',
      allow,
    },
    {
      id: 'users-to-orders',
      requestor: { principal: { issuer: 'self' } },
      subject: { issuer: all },
      target: 'orders',
      allow,
    },
  ];
}

/** The keys and the hash of all documents of a test file: to make them takes longer than all else at the start of a server. */
let made: Promise<[partner: ForeignSamlIssuer, ours: CertifiedKey, password: string]> | undefined;

/** Adds keys, trust, users and a policy that lets every subject have every type for `orders`. */
export async function withSaml(document: ConfigDocument, directory: string): Promise<SamlWorld> {
  made ??= Promise.all([aSamlIssuer(), aCertifiedKey(), hashPassword(PASSWORD, CHEAP)]);
  const [partner, ours, password] = await made;
  await writeSecret(directory, 'keys/saml.pem', ours.privatePem);
  await writeSecret(directory, 'keys/saml.crt', ours.certificatePem);
  await writeSecret(directory, 'partner.crt', partner.certificatePem);
  await writeSecret(
    directory,
    'users.yaml',
    JSON.stringify({
      users: ['bob', 'carol', 'dave'].map((id) => ({
        id,
        // Bob may come with a key as well.
        ...(id === 'bob' && { authenticationMethods: ['pwd', 'swk'] }),
        password,
        claims: { email: `${id}@example.org` },
      })),
    }),
  );
  const keys = document['keys'] as object[];
  keys.push({
    use: 'saml',
    algorithm: 'RS256',
    key: { file: 'keys/saml.pem' },
    certificate: { file: 'keys/saml.crt' },
  });
  document['users'] = [{ file: 'users.yaml' }];
  document['wsTrust'] = { profiles: ['adfs', 'vcenter'] };
  // Tests speak plain HTTP on loopback, as a proxy that ends TLS would.
  document['trustedProxies'] = ['127.0.0.1/32'];
  document.trustedIssuers.push({
    id: 'partner-saml',
    issuer: 'urn:partner:idp',
    saml: { certificates: [{ file: 'partner.crt' }], audiences: [ISSUER] },
  });
  for (const client of document.clients) {
    client['grant_types'] = ['client_credentials', TOKEN_EXCHANGE, SAML2_BEARER];
  }
  const [orders] = document.relyingParties;
  Object.assign(orders ?? {}, {
    appliesTo: [BILLING],
    requestors: 'any',
    servers: ['principal:self:bob'],
  });
  addRows(document);
  return { partner, ours };
}
