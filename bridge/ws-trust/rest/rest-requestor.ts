// Who asks in the REST form, and which key they proved: by TLS alone, for there is no message to sign.

import { X509Certificate } from 'node:crypto';
import { nameCertificate } from '#bridge/xml/keys/public-key.ts';
import { validateAdmission } from '#core/decision/admission.ts';
import type { Expression } from '#core/decision/expression.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { type Requestor, requestorName } from '#core/request/requestor.ts';
import { BEARER, type Confirmation } from '#core/token/confirmation.ts';
import { requestorOf } from '../authentication/authentication.ts';
import { type CredentialService, useCredentials } from '../authentication/credential.ts';
import {
  type TransportCredentials,
  transportCredential,
} from '../authentication/transport-credential.ts';

/** The credentials that TLS and HTTP carry. */
type RestCredentialKind = 'basic' | 'tls-certificate';

export interface RestAuthenticationParts {
  readonly sts: CredentialService;
  /** What is taken; of two the first. */
  readonly credentials: readonly RestCredentialKind[];
  readonly admits?: Expression | undefined;
  /** Counts a request of an authenticated requestor.
   * @throws {ExchangeFailure} `rate-limited` */
  readonly admitRequestor: (requestorName: string) => void;
}

interface RestCaller {
  readonly isSecure: boolean;
  readonly transport: TransportCredentials;
  readonly sourceAddress?: string | undefined;
}

/** The requestor of a request, with the key that TLS proved.
 * @throws {ExchangeFailure} `request-malformed` without TLS; `requestor-unauthenticated`, `requestor-not-allowed`, `rate-limited`,
 * `dependency-unavailable`
 * @throws {SecurityFailure} `failed-authentication` */
export async function authenticateCaller(
  { isSecure, sourceAddress, transport }: RestCaller,
  { admits, admitRequestor, credentials: kinds, sts }: RestAuthenticationParts,
): Promise<Requestor> {
  if (!isSecure) throw new ExchangeFailure('request-malformed', 'a bare request without TLS');
  const endpoint = { credentials: kinds };
  const credential = await transportCredential({ transport, endpoint, sourceAddress }, sts);
  const credentials = credential ? [credential] : [];
  const requestor = requestorOf(credentials, { endpoint, profile: {} });
  admitRequestor(requestorName(requestor));
  await useCredentials(credentials, sts);
  validateAdmission(admits, requestor);
  return { ...requestor, confirmation: provedKey(requestor, transport) };
}

// The handshake proves the key whoever vouches for the certificate, as a signature with a bare key does in a message.
function provedKey(
  { confirmation }: Requestor,
  { certificates: [certificate] }: TransportCredentials,
): Confirmation {
  if (confirmation.method !== 'bearer' || certificate === undefined) return confirmation;
  try {
    return nameCertificate(new X509Certificate(certificate));
  } catch {
    // What a proxy passed on and is no certificate, and a key that is too weak, prove nothing.
    return BEARER;
  }
}
