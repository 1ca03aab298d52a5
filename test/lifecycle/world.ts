// The configuration of the servers, and what is known of them.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#core/instant.ts';
import { hashPassword } from '#src/users/password/password.ts';
import { ALL_TYPES, PASSWORD, withSaml } from '#test/support/saml/saml-document.ts';
import { type ConfigDocument, TOKEN_EXCHANGE } from '#test/support/server/document.ts';
import type { Partner } from '#test/support/server/server.ts';
import { aSecretsKey } from '#test/support/ws-trust/context-message.ts';
import { withUserAuthority } from '#test/support/x509/certified-client.ts';
import { aCertificate, anAuthority, type TestCertificate } from '#test/support/x509/pki.ts';
import {
  type Audience,
  CLIENTS,
  LIFETIME_SECONDS,
  MAX_ACTORS,
  MAX_RENEWALS,
  ONCE_TYPE,
  RENEWAL_SECONDS,
  REVOKERS,
  SERVERS,
  USERS,
  type User,
} from './model.ts';

export const APPLIES_TO: Readonly<Record<Audience, string>> = {
  orders: 'https://orders.example/soap',
  ledger: 'https://ledger.example/soap',
};
export const RESOURCES: Readonly<Record<Audience, string>> = {
  orders: 'https://orders.example/',
  ledger: 'https://ledger.example/',
};

export interface Servers {
  readonly urls: readonly [string, string];
  readonly clock: Clock;
  readonly partner: Partner;
  readonly certificates: Readonly<Record<User, TestCertificate>>;
}

const GRANT = {
  types: [...ALL_TYPES, 'refresh_token', 'sct'],
  scopes: ['orders.read'],
  scopeMode: 'mapped',
  lifetimeSeconds: LIFETIME_SECONDS,
  impersonation: true,
  delegation: true,
  renewal: { lifetimeSeconds: RENEWAL_SECONDS, maxCount: MAX_RENEWALS, afterExpiry: true },
};

const isUser = (name: string): boolean => USERS.some((user) => user === name);
const nameOf = (party: string): string => (isUser(party) ? `principal:self:${party}` : party);

function rows(): ConfigDocument['policy'] {
  const requestors = {
    clients: { client: [...CLIENTS] },
    users: { principal: { issuer: 'self' } },
  };
  return Object.entries(requestors).flatMap(([name, requestor]) => [
    {
      id: `${name}-once`,
      requestor,
      subject: { issuer: 'self', type: [ONCE_TYPE] },
      target: 'ledger',
      allow: { ...GRANT, singleUse: true },
    },
    {
      id: `${name}-any`,
      requestor,
      subject: { issuer: ['partner', 'self'] },
      target: ['orders', 'ledger'],
      allow: GRANT,
    },
  ]);
}

const aParty = (id: Audience) => ({
  id,
  resources: [RESOURCES[id]],
  audiences: [id],
  appliesTo: [APPLIES_TO[id]],
  requestors: 'any',
  servers: SERVERS[id].filter(isUser).map(nameOf),
  revokers: REVOKERS[id].map(nameOf),
  token: { type: 'access_token', algorithm: 'ES256', lifetimeSeconds: 600 },
  scopes: ['orders.read'],
});

async function certify(document: ConfigDocument, directory: string) {
  const authority = await anAuthority({ name: 'CN=Root' });
  await withUserAuthority(document, directory, authority);
  const certificateOf = async (user: User) =>
    [user, await aCertificate({ name: `CN=${user}`, issuer: authority })] as const;
  const certificates = await Promise.all(USERS.map(certificateOf));
  return Object.fromEntries(certificates) as Record<User, TestCertificate>;
}

/** Writes the policy in which all can be had that lives and dies; answers the certificates of the users. */
export async function configure(
  document: ConfigDocument,
  directory: string,
): Promise<Servers['certificates']> {
  await withSaml(document, directory);
  document.relyingParties = [aParty('orders'), aParty('ledger')];
  document.policy = rows();
  document['delegation'] = { maxDepth: MAX_ACTORS };
  document['keptSecrets'] = { keys: [await aSecretsKey(directory, 'secrets')] };
  document['refreshTokens'] = { key: { file: 'keys/refresh.key' } };
  document['wsTrust'] = {
    rest: { credentials: ['tls-certificate', 'basic'] },
    endpoints: [
      { path: '/ws-trust', credentials: ['username', 'tls-certificate', 'security-context'] },
    ],
  };
  const { public: open, ...rest } = document['listeners'] as Record<string, object>;
  document['listeners'] = {
    ...rest,
    public: { ...open, clientCertificates: 'client-cert-header' },
  };
  for (const client of document.clients)
    client['grant_types'] = ['client_credentials', TOKEN_EXCHANGE, 'refresh_token'];
  const password = await hashPassword(PASSWORD, { N: 2 ** 14, r: 8, p: 1 });
  const users = USERS.map((id) => ({ id, authenticationMethods: ['pwd', 'swk'], password }));
  await writeFile(join(directory, 'users.yaml'), JSON.stringify({ users }), { mode: 0o600 });
  return certify(document, directory);
}
