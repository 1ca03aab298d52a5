// What the assertion grants share: the assertion is the grant, used up, and tells of its subject (RFC 7521 §4.1).
import type { TokenUse } from '#core/security-token.ts';
import type { TokenType } from '#core/token-type.ts';
import { type Parameters, requiredParameter, targetNames } from '../parameters.ts';
import type { GrantRequest } from './grant.ts';

/** The assertion and the targets of a request.
 * @throws {ExchangeFailure} `request-malformed`, `target-unknown` */
export function parseAssertion(
  parameters: Parameters,
  type: TokenType,
  use: TokenUse,
): Pick<GrantRequest, 'subject' | 'targets'> {
  return {
    subject: { type, use, content: requiredParameter(parameters, 'assertion') },
    targets: targetNames(parameters),
  };
}
