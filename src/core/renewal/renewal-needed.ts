// A token that has ended and can still be renewed is refused by its own reason (WS-Trust 1.3 §11, RenewNeeded).
import { isPartyOf } from '../decision/evidence.ts';
import { ExchangeFailure } from '../failure.ts';
import type { Clock, Instant } from '../instant.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LedgerEntry } from '../ledger/ledger-entry.ts';
import type { PolicyRules } from '../policy.ts';
import type { Requestor } from '../request/requestor.ts';
import { SELF, type SecurityToken, type ValidatedToken } from '../token/security-token.ts';
import { isCredential } from '../token/token-type.ts';
import { type TokenValidator, validatorFor } from '../token/token-validator.ts';

interface RenewalParts {
  readonly clock: Clock;
  readonly ledger: Pick<Ledger, 'standing'>;
  readonly rules: Pick<PolicyRules, 'relyingParties'>;
  readonly validators: readonly TokenValidator[];
}

/** Validates, and tells of a token of ours that has ended whether it can still be renewed. Where it is evidence only a requestor is told
 * that it is for: to others it would say whether the token was cancelled.
 * @throws {ExchangeFailure} as the validator; `renewal-needed` in place of `token-expired` */
export async function validateOrTellRenewal(
  token: SecurityToken,
  parts: RenewalParts,
  requestor?: Requestor,
): Promise<ValidatedToken> {
  const validator = validatorFor(parts.validators, token);
  try {
    return await validator.validate(token);
  } catch (cause) {
    const hasEnded = cause instanceof ExchangeFailure && cause.reason === 'token-expired';
    if (!hasEnded || token.use === 'lifecycle' || isCredential(token.type)) throw cause;
    const ended = await validator.validate({ ...token, use: 'lifecycle' });
    if (await isRenewable(ended, parts, requestor))
      throw new ExchangeFailure('renewal-needed', 'the token can still be renewed', { cause });
    throw cause;
  }
}

async function isRenewable(
  { audiences: told, id, issuer, trustedIssuer }: ValidatedToken,
  { clock, ledger, rules }: RenewalParts,
  requestor: Requestor | undefined,
): Promise<boolean> {
  if (id === undefined || trustedIssuer !== SELF) return false;
  const { entry, isGroundless, isRevoked } = await ledger.standing({ issuer, id });
  if (!entry || isGroundless || isRevoked || !goesOn(entry, clock.now())) return false;
  const { audiences = told, clientId: originClient } = entry;
  return !requestor || isPartyOf({ audiences, originClient }, requestor, rules.relyingParties);
}

const goesOn = ({ renewal }: LedgerEntry, now: Instant): boolean =>
  renewal?.afterExpiry === true && now < renewal.notOnOrAfter;
