// RFC 6749 §4.4: the client itself is the subject. The same policy, ledger and audit as every other grant.
import { requestorToken } from '#core/request/requestor-validator.ts';
import { ASSERTION_GRANT_ERRORS } from '../oauth-error.ts';
import { scopeNames, targetNames } from '../parameters.ts';
import type { Grant } from './grant.ts';

export const clientCredentials: Grant = {
  grantType: 'client_credentials',
  parameters: ['audience', 'resource', 'scope'],
  errorMap: ASSERTION_GRANT_ERRORS,
  parse(parameters, requestor) {
    const scopes = scopeNames(parameters);
    return {
      operation: 'client-credentials',
      subject: requestorToken(requestor, 'subject'),
      targets: targetNames(parameters),
      ...(scopes && { scopes }),
    };
  },
};
