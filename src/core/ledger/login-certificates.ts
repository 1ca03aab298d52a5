// The certificates that somebody came with are on record with what was issued on them. It ends when one of them is revoked.
import { ExchangeFailure } from '../failure.ts';
import { refuse } from '../renewal/renewable.ts';
import type { TokenFacts, ValidatedToken } from '../token/security-token.ts';
import { isCredential } from '../token/token-type.ts';

/** Holds certificates that were good once against trust and revocation as they are now. `atHand`: no source is asked, and what is not
 * known to be revoked is good.
 * @throws {ExchangeFailure} `token-revoked`, `dependency-unavailable` */
export type RevalidateCertificates = (
  certificates: readonly string[],
  terms: { readonly atHand: boolean },
) => Promise<void>;

interface Parts {
  readonly revalidateCertificates: RevalidateCertificates;
}

/** Holds the certificates that a token of ours rests on against revocation. `atHand`: by what is known here already.
 * @throws {ExchangeFailure} `token-revoked`, `dependency-unavailable` */
export async function validateLoginCertificates(
  token: ValidatedToken,
  { revalidateCertificates }: Parts,
  { atHand = false } = {},
): Promise<ValidatedToken> {
  const { loginCertificates, type, use } = token;
  // Those of a credential were looked at a moment ago. To be cancelled, a token needs no grounds.
  if (loginCertificates && !isCredential(type) && use !== 'lifecycle')
    await revalidateCertificates(loginCertificates, { atHand });
  return token;
}

/** Holds the certificates that a chain of renewals rests on against revocation.
 * @throws {ExchangeFailure} `renewal-not-possible`, `dependency-unavailable` */
export async function requireLoginCertificates(
  { loginCertificates }: Pick<TokenFacts, 'loginCertificates'>,
  { revalidateCertificates }: Parts,
): Promise<void> {
  if (!loginCertificates) return;
  try {
    await revalidateCertificates(loginCertificates, { atHand: false });
  } catch (cause) {
    const isLost = cause instanceof ExchangeFailure && cause.reason === 'token-revoked';
    if (!isLost) throw cause;
    refuse(cause.message);
  }
}
