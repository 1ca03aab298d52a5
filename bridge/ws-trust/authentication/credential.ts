// A credential that was found good: what kind it is, whose, and which key it proved in this message.

import { Buffer } from 'node:buffer';
import { X509Certificate } from 'node:crypto';
import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import type { CertificateMemory } from '#bridge/ws-security/tokens/certificate-memory.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { ExchangeFailure, type FailureReason } from '#core/failure.ts';
import type { Confirmation } from '#core/token/confirmation.ts';
import { SELF, type SecurityToken, type ValidatedToken } from '#core/token/security-token.ts';
import { isCredential } from '#core/token/token-type.ts';
import type { TokenService } from '#core/token-service.ts';
import type { CredentialKind } from '../endpoint/endpoint-profile.ts';
import { asNamed } from '../keys/vouched-key.ts';

export interface Credential {
  readonly kind: CredentialKind;
  readonly identity: ValidatedToken;
  /** The key it proved in this message. */
  readonly confirmation: Confirmation;
  /** The token of the Security header that it is. */
  readonly token?: XmlElement;
}

/** What credentials need of core. */
export type CredentialService = Pick<
  TokenService,
  'validate' | 'validateCredential' | 'findSecret' | 'useCredentials'
>;

/** One answer for every credential that is refused; the reason is for the audit (xml-security E9). `known` are certificates that were found
 * good before.
 * @throws {SecurityFailure} `failed-authentication`
 * @throws {ExchangeFailure} `dependency-unavailable` */
export async function validateCredential(
  token: SecurityToken,
  sts: CredentialService,
  known?: CertificateMemory,
): Promise<ValidatedToken> {
  const identity = await refusedAsFailedAuthentication(() => sts.validateCredential(token));
  // The key in its hands, or the token itself, is the actor's: as credential it would make the actor its subject, and nobody
  // would see that it acts (RFC 8693 §1.1). It is evidence about the subject, beside a credential of the actor's own.
  if (identity.actors.length > 0)
    throw new SecurityFailure('failed-authentication', 'a token with an actor is no credential', {
      reason: 'requestor-unauthenticated',
    });
  await refusedAsFailedAuthentication(() => validateOwnKey(identity, sts, known));
  return identity;
}

/** Why a token of ours is refused for the certificate that names its key: the certificate is revoked, or nobody can say whether it is, as
 * its authority has ended or cannot be reached. Other reasons say only that it names nobody here, and the token is not about that name. */
const OF_LOST_KEYS: ReadonlySet<FailureReason> = new Set([
  'token-expired',
  'token-revoked',
  'dependency-unavailable',
] as const);

/** The certificate that a token of ours names its key by. */
function certificateNamedBy({ confirmation, trustedIssuer, type }: ValidatedToken) {
  const isOwnToken = trustedIssuer === SELF && !isCredential(type);
  return isOwnToken && confirmation.method === 'public-key' ? confirmation.certificate : undefined;
}

// Else whoever has stolen a key could go on using and renewing the token after the certificates of the key were revoked.
async function validateOwnKey(
  identity: ValidatedToken,
  sts: CredentialService,
  known: CertificateMemory | undefined,
): Promise<void> {
  const named = certificateNamedBy(identity);
  // The one that it was issued on was looked at with the token.
  if (named === undefined || identity.loginCertificates?.[0] === named) return;
  const der = Buffer.from(named, 'base64');
  const certificate = known?.recall(der) ?? new X509Certificate(der);
  try {
    await sts.validate(asNamed(certificate, 'subject', { atHand: false }));
    known?.keep(certificate);
  } catch (cause) {
    if (!(cause instanceof ExchangeFailure) || OF_LOST_KEYS.has(cause.reason)) throw cause;
  }
}

/** Uses up those of a message that are good once.
 * @throws {SecurityFailure} `failed-authentication`
 * @throws {ExchangeFailure} `dependency-unavailable` */
export function useCredentials(
  credentials: readonly Credential[],
  sts: CredentialService,
): Promise<void> {
  return refusedAsFailedAuthentication(() =>
    sts.useCredentials(credentials.map(({ identity }) => identity)),
  );
}

/** One answer for whatever is wrong with a credential, or with a token whose key is to be proved. */
export async function refusedAsFailedAuthentication<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof ExchangeFailure) || cause.reason === 'dependency-unavailable')
      throw cause;
    const { message, reason } = cause;
    throw new SecurityFailure('failed-authentication', message, { cause, reason });
  }
}
