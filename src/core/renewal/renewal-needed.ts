// A token that has ended and can still be renewed is refused by its own reason (WS-Trust 1.3 §11, RenewNeeded).
import { ExchangeFailure } from '../failure.ts';
import type { Clock } from '../instant.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { SELF, type SecurityToken, type ValidatedToken } from '../token/security-token.ts';
import { isCredential } from '../token/token-type.ts';
import { type TokenValidator, validatorFor } from '../token/token-validator.ts';

interface RenewalParts {
  readonly clock: Clock;
  readonly ledger: Pick<Ledger, 'standing'>;
  readonly validators: readonly TokenValidator[];
}

/** Validates, and tells of a token of ours that has ended whether it can still be renewed.
 * @throws {ExchangeFailure} as the validator; `renewal-needed` in place of `token-expired` */
export async function validateOrTellRenewal(
  token: SecurityToken,
  parts: RenewalParts,
): Promise<ValidatedToken> {
  const validator = validatorFor(parts.validators, token);
  try {
    return await validator.validate(token);
  } catch (cause) {
    const hasEnded = cause instanceof ExchangeFailure && cause.reason === 'token-expired';
    if (!hasEnded || token.use === 'lifecycle' || isCredential(token.type)) throw cause;
    const ended = await validator.validate({ ...token, use: 'lifecycle' });
    if (await isRenewable(ended, parts))
      throw new ExchangeFailure('renewal-needed', 'the token can still be renewed', { cause });
    throw cause;
  }
}

async function isRenewable(
  { id, issuer, trustedIssuer }: ValidatedToken,
  { clock, ledger }: RenewalParts,
): Promise<boolean> {
  if (id === undefined || trustedIssuer !== SELF) return false;
  const { entry, isGroundless, isRevoked } = await ledger.standing({ issuer, id });
  const { renewal } = entry ?? {};
  return (
    !isRevoked &&
    !isGroundless &&
    renewal?.afterExpiry === true &&
    clock.now() < renewal.notOnOrAfter
  );
}
