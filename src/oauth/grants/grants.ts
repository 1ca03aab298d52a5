// The grants we know, and their parameters.
import type { ExchangeRequest } from '#core/request/exchange-request.ts';
import { formOf } from '#core/token/token-type.ts';
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

/** The names of the grants by which a client could ask this: an assertion alone is a grant as well. */
export function grantsFor({
  actor,
  requestedType = 'access_token',
  subject: { type },
}: Pick<ExchangeRequest, 'actor' | 'requestedType' | 'subject'>): readonly string[] {
  if (type === 'requestor') return [clientCredentials.grantType];
  const assertion = formOf(type) === 'saml' ? saml2Bearer : jwtBearer;
  const isAssertion = !actor && requestedType === 'access_token';
  return [tokenExchange.grantType, ...(isAssertion ? [assertion.grantType] : [])];
}

/** Parameters that we know and that no grant of ours can honour. */
const UNHONOURED_PARAMETERS = ['authorization_details', 'claims', 'request', 'request_uri'];

/** All that we know, read at every grant: what a grant does not take is a refusal there. Were it passed over, an actor would not show, and
 * a client would hold another token than the one it asked for. */
export const PARAMETERS: readonly string[] = [
  ...UNHONOURED_PARAMETERS,
  ...new Set(GRANTS.flatMap(({ parameters }) => parameters)),
];
