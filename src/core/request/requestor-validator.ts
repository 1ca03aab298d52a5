// The requestor's own authentication as evidence: client credentials, or Issue with nothing but a credential.

import { FOREVER } from '../instant.ts';
import { BEARER } from '../token/confirmation.ts';
import {
  acceptToken,
  SELF,
  type SecurityToken,
  type ValidatedToken,
} from '../token/security-token.ts';
import type { TokenValidator } from '../token/token-validator.ts';
import type { Requestor } from './requestor.ts';

interface RequestorEvidence extends SecurityToken {
  readonly type: 'requestor';
  readonly content: Requestor;
}

/** The requestor as evidence of itself. The front that authenticated it is the only one to call this. */
export function requestorToken(requestor: Requestor, use: 'subject' | 'actor'): SecurityToken {
  const token: RequestorEvidence = { type: 'requestor', use, content: requestor };
  return token;
}

function isRequestorEvidence(token: SecurityToken): token is RequestorEvidence {
  return token.type === 'requestor';
}

/** A validator that takes an authenticated requestor at its word about itself. `issuer` is our own name. */
export function createRequestorValidator(issuer: string): TokenValidator {
  return {
    canHandle: isRequestorEvidence,
    async validate(token): Promise<ValidatedToken> {
      if (!isRequestorEvidence(token)) throw new Error('asked for evidence it cannot handle');
      const requestor = token.content;
      if (requestor.identity) return requestor.identity;
      return acceptToken({
        type: 'requestor',
        use: token.use,
        issuer,
        trustedIssuer: SELF,
        subject: { issuer, id: requestor.id },
        claims: [],
        scopes: requestor.scopes ?? [],
        lifetime: { notBefore: 0, notOnOrAfter: FOREVER },
        confirmation: BEARER,
        audiences: [issuer],
        ...(requestor.kind === 'client' && { originClient: requestor.id }),
        actors: [],
      });
    },
  };
}
