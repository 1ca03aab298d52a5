// What a Body wants of the signatures of its message (ws-trust §4, §8).

import { wantsToken } from '../answer/response.ts';
import type { Endpoint } from '../endpoint/endpoint-profile.ts';
import { TOKEN_PARAMETERS } from '../rst/parameters.ts';
import { asksForContext, type RstRequest } from '../rst/rst-request.ts';

/** What a Body wants of the signatures of its message. */
export interface WantedSignatures {
  /** One may be there for a key that the Body asks for, or for that of a token in it. */
  readonly namesKey: boolean;
  /** One may be there for the secret of the token that it is about. */
  readonly namesSecret: boolean;
  /** The Body must be covered, wherever it is. */
  readonly needsSignedBody: boolean;
}

/** What requests want of the signatures of their message. */
export function wantedSignatures(
  requests: readonly RstRequest[],
  endpoint: Endpoint,
): WantedSignatures {
  return {
    namesKey: requests.some(({ present }) =>
      ['UseKey' as const, ...TOKEN_PARAMETERS].some((name) => present.has(name)),
    ),
    needsSignedBody: requests.some((rst) => dependsOnSender(rst) || isLogin(rst, endpoint)),
    // WS-Trust 1.3 §5, WS-SecureConversation 1.3 §6: by a signature with the secret of the token.
    namesSecret: requests.some(({ operation }) => operation === 'Renew' || operation === 'Cancel'),
  };
}

// The Body must be signed where it asks as or for another, has a token exchanged, names a key, renews, or cancels by a
// name alone. Else whoever receives a message could forward its header to us with a Body of their own.
function dependsOnSender(rst: RstRequest): boolean {
  const { actAs, cancelName, delegateTo, onBehalfOf, operation, renewTarget, useKey } = rst;
  return (
    [actAs, cancelName, delegateTo, onBehalfOf, useKey].some((asked) => asked !== undefined) ||
    (operation === 'Renew' && renewTarget?.type !== 'sct') ||
    (operation === 'Validate' && wantsToken(rst))
  );
}

// To get a context is to log in: with its secret one may ask for all of the above. Where contexts are credentials the policy of the
// address says what must be signed for that: WCF signs the Timestamp only.
const isLogin = (rst: RstRequest, { credentials }: Endpoint): boolean =>
  rst.operation === 'Issue' && asksForContext(rst) && !credentials.includes('security-context');
