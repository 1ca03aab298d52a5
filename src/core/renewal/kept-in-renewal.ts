// What a renewed token has of the one before: its type, its key, how its subject logged in.

import type { Evidence } from '../decision/evidence.ts';
import { ExchangeFailure } from '../failure.ts';
import { secretOf } from '../ledger/kept-token.ts';
import type { ExchangeRequest } from '../request/exchange-request.ts';
import { type Confirmation, publicKeyBits } from '../token/confirmation.ts';
import type { ValidatedToken } from '../token/security-token.ts';
import type { Renewal, TokenSpec } from '../token/token-spec.ts';
import { type RenewalBasis, refuse } from './renewable.ts';

const KEEPS_KEY = 'a renewal keeps the key of the token';

/** Refuses a request to change what a renewal keeps.
 * @throws {ExchangeFailure} `renewal-not-possible`, `token-type-unsupported` */
export function requireKept({ subject: token, request }: Evidence, { afterExpiry }: Renewal): void {
  const { confirmation = token.confirmation, requestedType = token.type } = request;
  if (confirmation.method !== token.confirmation.method) refuse(KEEPS_KEY);
  if (request.renewal?.afterExpiry && !afterExpiry)
    refuse('a renewal does not set the terms of the next');
  if (requestedType !== token.type)
    throw new ExchangeFailure('token-type-unsupported', 'a renewal keeps the type of the token');
}

/** The key is kept, except where another was made for a context.
 * @throws {ExchangeFailure} `renewal-not-possible` */
export function keptKey({
  evidence: { request, subject: token },
  secret,
}: RenewalBasis): Confirmation {
  const { confirmation } = token;
  const other = secretOf(request);
  if (other) return token.type === 'sct' ? other : refuse(KEEPS_KEY);
  if (confirmation.method !== 'symmetric-key') {
    requireKeptSize(request, confirmation);
    return confirmation;
  }
  if (!secret) return refuse('the secret of the token was not kept');
  if ((request.keySizeBits ?? secret.secret.sizeBits) !== secret.secret.sizeBits)
    return refuse(KEEPS_KEY);
  return secret;
}

// The token may name its key by a thumbprint alone; the one that was proved is that key.
function requireKeptSize(
  { keySizeBits, requestor: { confirmation: proved } }: ExchangeRequest,
  kept: Confirmation,
): void {
  if (keySizeBits === undefined) return;
  const jwk = kept.method === 'public-key' && 'jwk' in proved ? proved.jwk : undefined;
  if (jwk === undefined || publicKeyBits(jwk) !== keySizeBits) refuse(KEEPS_KEY);
}

/** How the subject logged in: as the token says it, and of one with a superseded key as it is on record. It is the only thing a token says
 * that its digest on record does not cover. */
export function keptAuthentication(
  { authentication: told, signedBefore }: ValidatedToken,
  { authentication: known }: Renewal,
): Pick<TokenSpec, 'authentication'> {
  const authentication = signedBefore === undefined ? told : known;
  return authentication ? { authentication } : {};
}
