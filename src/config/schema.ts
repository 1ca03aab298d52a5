// The whole configuration file as one strict schema. A section is a file of its own in `sections/`.
import { z } from 'zod';
import { clientsSection } from './sections/clients.ts';
import { fetchSection } from './sections/fetch.ts';
import { keptSecretsSection } from './sections/keys/kept-secrets.ts';
import { keysSection } from './sections/keys/keys.ts';
import { issuerSection, listenersSection, trustedProxiesSection } from './sections/listeners.ts';
import {
  auditSection,
  clockSkewSection,
  delegationSection,
  drainSection,
  limitsSection,
  logSection,
  samlSection,
  statusListsSection,
  workersSection,
} from './sections/operation.ts';
import { policySection } from './sections/policy/policy.ts';
import { refreshTokensSection } from './sections/refresh-tokens.ts';
import { relyingPartiesSection } from './sections/relying-parties/relying-parties.ts';
import { storeSection } from './sections/store.ts';
import { trustedIssuersSection } from './sections/trusted-issuers/trusted-issuers.ts';
import { userDomainsSection } from './sections/user-domains.ts';
import { lockoutSection, passwordCacheSection, usersSection } from './sections/users.ts';
import { wsTrustSection } from './sections/ws-trust/ws-trust.ts';

export const configSchema = z.strictObject({
  version: z.literal(1).describe('The version of this format.'),
  issuer: issuerSection,
  listeners: listenersSection,
  trustedProxies: trustedProxiesSection,
  keys: keysSection,
  saml: samlSection,
  users: usersSection,
  userDomains: userDomainsSection,
  lockout: lockoutSection,
  passwordCacheSeconds: passwordCacheSection,
  store: storeSection,
  trustedIssuers: trustedIssuersSection,
  fetch: fetchSection,
  clients: clientsSection,
  relyingParties: relyingPartiesSection,
  policy: policySection,
  refreshTokens: refreshTokensSection,
  keptSecrets: keptSecretsSection,
  wsTrust: wsTrustSection,
  delegation: delegationSection,
  audit: auditSection,
  log: logSection,
  workers: workersSection,
  limits: limitsSection,
  drain: drainSection,
  clockSkewSeconds: clockSkewSection,
  statusLists: statusListsSection,
});

/** The JSON Schema of the file, for editors: what a schema can say of it, without the rules between sections. */
export function configJsonSchema(): object {
  const schema = z.toJSONSchema(configSchema, { target: 'draft-7', io: 'input' });
  return { ...schema, title: 'Viaduct configuration' };
}
