// How often others may still have tokens made of a token: ProxyRestriction (SAML Core 2.0 §2.5.1.6), Delegatable (WS-Trust 1.3 §9.3).
// Each step takes one. In SAML 2.0 the token says it; of every token of ours the ledger knows it.

import type { Evidence } from '../decision/evidence.ts';
import { ExchangeFailure } from '../failure.ts';
import { SELF, type ValidatedToken } from '../token/security-token.ts';

interface Step {
  /** Whether the requestor asks for itself. */
  readonly isOwn: boolean;
  /** How many actors the chain of the new token can still take. */
  readonly chainLeft: number;
}

// The subject of a token of ours may use it to ask again: nothing is handed on. What another issuer restricted is restricted for us too.
function remaining(token: ValidatedToken, isOwn: boolean): number | undefined {
  const { delegations, trustedIssuer } = token;
  if (delegations === undefined || (isOwn && trustedIssuer === SELF)) return delegations;
  if (delegations === 0)
    throw new ExchangeFailure('delegation-not-allowed', 'no more tokens may be made of this one');
  return delegations - 1;
}

/** What is left for the new token; undefined when nobody has set an end. The request can only shorten it.
 * @throws {ExchangeFailure} `delegation-not-allowed` when nothing was left */
export function decideDelegations(
  { request, subject, actor }: Evidence,
  { isOwn, chainLeft }: Step,
): number | undefined {
  const wished =
    request.isDelegatable === undefined ? undefined : request.isDelegatable ? chainLeft : 0;
  const limits = [
    remaining(subject, isOwn),
    actor && remaining(actor, actor === request.requestor.identity),
    wished,
  ].filter((limit) => limit !== undefined);
  return limits.length === 0 ? undefined : Math.min(...limits);
}
