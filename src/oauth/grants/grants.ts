// The grants we know, and the parameters that each of them refuses.
import { clientCredentials } from './client-credentials.ts';
import type { Grant } from './grant.ts';
import { jwtBearer } from './jwt-bearer.ts';
import { refreshToken } from './refresh-token.ts';
import { saml2Bearer } from './saml2-bearer.ts';
import { tokenExchange } from './token-exchange.ts';

/** All grants. */
export const GRANTS: readonly Grant[] = [
  clientCredentials,
  tokenExchange,
  jwtBearer,
  saml2Bearer,
  refreshToken,
];

/** Parameters that we know and that no grant of ours can honour. */
const UNHONOURED_PARAMETERS = ['authorization_details', 'claims', 'request', 'request_uri'];

/** Parameters that are a refusal at a grant: those that only others take. Were they passed over, an actor would not show, and a client
 * would hold another token than the one it asked for. */
export function refusedParameters({ parameters }: Grant): readonly string[] {
  const known = new Set(GRANTS.flatMap((grant) => grant.parameters));
  return [...UNHONOURED_PARAMETERS, ...known].filter((name) => !parameters.includes(name));
}
