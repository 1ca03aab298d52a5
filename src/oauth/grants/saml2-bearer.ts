// RFC 7522 §2.1: a SAML 2.0 assertion as authorization grant.
import { ASSERTION_GRANT_ERRORS } from '../oauth-error.ts';
import { scopeNames } from '../parameters.ts';
import { parseAssertion } from './assertion-grant.ts';
import { type Grant, REFUSED_PARAMETERS } from './grant.ts';

export const saml2Bearer: Grant = {
  grantType: 'urn:ietf:params:oauth:grant-type:saml2-bearer',
  parameters: ['assertion', 'audience', 'resource', 'scope'],
  repeatable: ['audience', 'resource'],
  refused: REFUSED_PARAMETERS,
  errorMap: ASSERTION_GRANT_ERRORS,
  parse(parameters) {
    const scopes = scopeNames(parameters);
    return {
      operation: 'saml2-bearer',
      ...parseAssertion(parameters, 'saml2', 'assertion'),
      ...(scopes && { scopes }),
    };
  },
  issuedTokenType: () => undefined,
};
