// The port of validators: evidence in, facts out, or a refusal.
import { ExchangeFailure } from '../failure.ts';
import type { SecurityToken, ValidatedToken } from './security-token.ts';

export interface TokenValidator {
  /** Whether this validator is the one for evidence of this declared type. No cryptography, no I/O. */
  canHandle(token: SecurityToken): boolean;
  /** Verifies, then validates. Never returns a verdict: it throws.
   * @throws {ExchangeFailure} any `token-*` reason, `signature-invalid`, `issuer-untrusted`, `dependency-unavailable` */
  validate(token: SecurityToken): Promise<ValidatedToken>;
}

/** The validator for this evidence. No validator is a refusal, never a fall-through.
 * @throws {ExchangeFailure} `token-type-unsupported` */
export function validatorFor(
  validators: readonly TokenValidator[],
  token: SecurityToken,
): TokenValidator {
  const validator = validators.find((candidate) => candidate.canHandle(token));
  if (!validator)
    throw new ExchangeFailure('token-type-unsupported', `no issuer is trusted for ${token.type}`);
  return validator;
}
