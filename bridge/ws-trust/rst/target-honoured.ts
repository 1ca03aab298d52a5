// What may stand beside the target of Renew, Validate and Cancel (WS-Trust 1.3 §5-7): what the operation cannot honour is refused.

import { ExchangeFailure } from '#core/failure.ts';
import type { SecurityToken } from '#core/security-token.ts';
import { type ParameterName, TOKEN_PARAMETERS } from './parameters.ts';
import type { RstRequest } from './rst-request.ts';

/** Refuses a request that has not the one target of its operation, or says more than the operation hears.
 * @throws {ExchangeFailure} `request-malformed`, `operation-unsupported` */
export function requireOnly(
  { operation, present }: RstRequest,
  target: ParameterName,
  others: readonly ParameterName[],
): void {
  if (!present.has(target))
    throw new ExchangeFailure('request-malformed', `${operation} without ${target}`);
  const heard: readonly ParameterName[] = ['RequestType', 'TokenType', target, ...others];
  const unheard = [...present].find((name) => !heard.includes(name));
  if (unheard === undefined) return;
  // Two targets, or somebody else's identity beside one: which token is meant is open.
  if (TOKEN_PARAMETERS.some((name) => name === unheard))
    throw new ExchangeFailure('request-malformed', `contradictory: ${unheard} in ${operation}`);
  throw new ExchangeFailure('operation-unsupported', `not done here: ${unheard} in ${operation}`);
}

/** The target that `requireOnly` has seen. */
export function targetOf(target: SecurityToken | undefined): SecurityToken {
  if (target === undefined) throw new Error('the target was not required before');
  return target;
}
