// A certificate that a request only names: core says whether it has a path to an anchor of ours. Nothing shows that anybody here
// has its key, and a token bound to it is of no use to who has not.

import { Buffer } from 'node:buffer';
import type { X509Certificate } from 'node:crypto';
import { ExchangeFailure } from '#core/failure.ts';
import type { RelyingParty } from '#core/request/relying-party.ts';
import type { Confirmation, PublicKeyConfirmation } from '#core/token/confirmation.ts';
import type { SecurityToken, TokenUse } from '#core/token/security-token.ts';
import type { TokenService } from '#core/token-service.ts';
import type { RstRequest } from '../rst/rst-request.ts';

/** A certificate as evidence of whom it names. `revalidation`: of one that may be over since. */
export const asNamed = (
  certificate: Uint8Array | X509Certificate,
  use: TokenUse,
  revalidation?: { readonly atHand: boolean },
): SecurityToken => ({
  type: 'x509',
  use,
  content: { certificates: [certificate], proof: 'named', ...(revalidation && { revalidation }) },
});

/** The certificate of a key as evidence of whom it names.
 * @throws {ExchangeFailure} `token-type-unsupported` for a bare key: it names nobody */
export function namedCertificate(
  { certificate }: PublicKeyConfirmation,
  use: TokenUse,
): SecurityToken {
  if (certificate === undefined)
    throw new ExchangeFailure('token-type-unsupported', 'a key without a certificate');
  return asNamed(Buffer.from(certificate, 'base64'), use);
}

const isEnoughFor = (parties: readonly RelyingParty[]): boolean =>
  parties.length > 0 && parties.every(({ token }) => token.useKeyProof === 'trusted-certificate');

/** The key in UseKey that needs no proof: every target takes a certificate with a path for one (`useKeyProof`), and no signature
 * is named that would have to show it.
 * @throws {ExchangeFailure} `dependency-unavailable` */
export async function vouchedKey(
  { keyType, useKey }: RstRequest,
  parties: readonly RelyingParty[],
  sts: Pick<TokenService, 'validate'>,
): Promise<Confirmation | undefined> {
  if (keyType !== 'public-key' || !useKey || !isEnoughFor(parties)) return undefined;
  const { key, signatureId } = useKey;
  if (!key?.certificate || signatureId !== undefined) return undefined;
  try {
    await sts.validate(namedCertificate(key, 'subject'));
    return key;
  } catch (cause) {
    // Without a path it may still be proved.
    if (cause instanceof ExchangeFailure && cause.reason !== 'dependency-unavailable')
      return undefined;
    throw cause;
  }
}
