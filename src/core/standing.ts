// What the ledger knows of a token that the token cannot say itself.
import { ExchangeFailure } from './failure.ts';
import type { Ledger } from './ledger.ts';
import { acceptToken, SELF, type ValidatedToken } from './security-token.ts';

/** Holds a token against the ledger: whether it was revoked, and to whom it was issued where it cannot say so itself.
 * A foreign token is held against it too: revoking what it was made into must not be undone by presenting it again.
 * @throws {ExchangeFailure} `token-revoked`, `dependency-unavailable` */
export async function validateStanding(
  token: ValidatedToken,
  ledger: Ledger,
): Promise<ValidatedToken> {
  const { id, issuer, originClient, trustedIssuer } = token;
  if (id === undefined) return token;
  const { clientId, isRevoked } = await ledger.standing({ issuer, id });
  const isOwn = trustedIssuer === SELF;
  if (isRevoked) {
    const detail = isOwn ? 'own token revoked' : 'foreign token revoked here';
    throw new ExchangeFailure('token-revoked', detail);
  }
  const isUntold = isOwn && originClient === undefined && clientId !== undefined;
  return isUntold ? acceptToken({ ...token, originClient: clientId }) : token;
}
