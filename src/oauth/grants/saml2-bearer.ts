// RFC 7522 §2.1: a SAML 2.0 assertion as authorization grant.
import { ASSERTION_GRANT_ERRORS } from '../oauth-error.ts';
import { requiredParameter, scopeNames, targetNames } from '../parameters.ts';
import type { Grant } from './grant.ts';

export const saml2Bearer: Grant = {
  grantType: 'urn:ietf:params:oauth:grant-type:saml2-bearer',
  parameters: ['assertion', 'audience', 'resource', 'scope'],
  errorMap: ASSERTION_GRANT_ERRORS,
  parse(parameters) {
    const scopes = scopeNames(parameters);
    const content = requiredParameter(parameters, 'assertion');
    return {
      operation: 'saml2-bearer',
      subject: { type: 'saml2', use: 'assertion', content },
      targets: targetNames(parameters),
      ...(scopes && { scopes }),
    };
  },
};
