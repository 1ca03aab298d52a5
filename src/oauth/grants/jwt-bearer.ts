// RFC 7523 §2.1: a JWT as authorization grant; and the on-behalf-of dialect that some client libraries speak with it.
import { ExchangeFailure } from '#core/failure.ts';
import { ASSERTION_GRANT_ERRORS } from '../oauth-error.ts';
import { optionalParameter, requiredParameter, scopeNames, targetNames } from '../parameters.ts';
import type { Grant } from './grant.ts';

/** Scopes that clients of the dialect add to every request; they ask for a login, which an exchange is not. */
const LOGIN_SCOPES: ReadonlySet<string> = new Set(['openid', 'offline_access', 'profile']);

export const jwtBearer: Grant = {
  grantType: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
  parameters: ['assertion', 'audience', 'resource', 'scope', 'requested_token_use'],
  errorMap: ASSERTION_GRANT_ERRORS,
  parse(parameters) {
    const tokenUse = optionalParameter(parameters, 'requested_token_use');
    if (tokenUse !== undefined && tokenUse !== 'on_behalf_of') {
      throw new ExchangeFailure('request-malformed', 'unknown requested_token_use');
    }
    const isOnBehalfOf = tokenUse === 'on_behalf_of';
    const named = scopeNames(parameters);
    const scopes = isOnBehalfOf ? named?.filter((scope) => !LOGIN_SCOPES.has(scope)) : named;
    const content = requiredParameter(parameters, 'assertion');
    return {
      operation: isOnBehalfOf ? 'on-behalf-of' : 'jwt-bearer',
      // On behalf of presents the caller's access token as often as it likes; an assertion is a grant and used up. So it must be
      // a token of ours: else whoever holds an assertion could choose that it is good more than once, and at any age.
      subject: { type: 'jwt', use: isOnBehalfOf ? 'subject' : 'assertion', content },
      ...(isOnBehalfOf && { isOwnSubjectOnly: true }),
      targets: targetNames(parameters),
      ...(scopes && { scopes }),
    };
  },
};

/** How the FMN profile text spells the grant type. Accepted, never advertised. */
export const JWT_BEARER_ALIAS = 'urn:ietf:params:oauth:grant-type:JWT-bearer';
