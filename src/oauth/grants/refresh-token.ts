// RFC 6749 §6: a refresh token for a new token and the next refresh token.
import { refresh } from '#core/refresh.ts';
import { ASSERTION_GRANT_ERRORS } from '../oauth-error.ts';
import { requiredParameter, scopeNames, targetNames } from '../parameters.ts';
import type { Grant } from './grant.ts';

export const refreshToken: Grant = {
  grantType: 'refresh_token',
  parameters: ['refresh_token', 'audience', 'resource', 'scope'],
  // RFC 6749 §5.2: a refresh token that is bad in any way is `invalid_grant`, as an assertion is.
  errorMap: ASSERTION_GRANT_ERRORS,
  parse(parameters) {
    const scopes = scopeNames(parameters);
    const content = requiredParameter(parameters, 'refresh_token');
    return {
      operation: 'refresh-token',
      subject: { type: 'refresh_token', use: 'subject', content },
      targets: targetNames(parameters),
      ...(scopes && { scopes }),
    };
  },
  async perform(request, sts) {
    const { token, successor } = await refresh(request, sts);
    return { token, refreshToken: successor };
  },
};
