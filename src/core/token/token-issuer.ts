// The port of issuers: a complete decision in, a token out.
import { ExchangeFailure } from '../failure.ts';
import type { IssuedToken, TokenSpec } from './token-spec.ts';

export interface TokenIssuer {
  canIssue(spec: TokenSpec): boolean;
  /** Refuses what a token of this form cannot say; absent: it can say all. Asked before anything is used up for the token.
   * @throws {ExchangeFailure} `delegation-not-allowed`, `token-malformed` */
  requireExpressible?(spec: TokenSpec): void;
  /** Signs. Decides nothing: what is not in the spec is not in the token.
   * @throws {ExchangeFailure} `dependency-unavailable` when the key cannot be reached */
  issue(spec: TokenSpec): Promise<IssuedToken>;
}

/** The issuer for this decision.
 * @throws {ExchangeFailure} `token-type-unsupported` */
export function issuerFor(issuers: readonly TokenIssuer[], spec: TokenSpec): TokenIssuer {
  const issuer = issuers.find((candidate) => candidate.canIssue(spec));
  if (!issuer) throw new ExchangeFailure('token-type-unsupported', `no issuer for ${spec.type}`);
  return issuer;
}

/** The decision, if there is a token that says it.
 * @throws {ExchangeFailure} `token-type-unsupported`, `delegation-not-allowed`, `token-malformed`, `claim-missing` */
export function issuable(spec: TokenSpec, issuers: readonly TokenIssuer[]): TokenSpec {
  issuerFor(issuers, spec).requireExpressible?.(spec);
  return spec;
}
