// The grants we know, and their parameters.
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

/** All that we know, read at every grant: what a grant does not take is a refusal there. Were it passed over, an actor would not show, and
 * a client would hold another token than the one it asked for. */
export const PARAMETERS: readonly string[] = [
  ...UNHONOURED_PARAMETERS,
  ...new Set(GRANTS.flatMap(({ parameters }) => parameters)),
];
