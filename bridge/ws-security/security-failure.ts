// Refusals of the Security header itself: WS-Security has fault codes of its own for them (WSS 1.1.1 §12), and WS-SecureConversation
// for its tokens, wherever they stand (1.3 §9).

import { XmlFailure, type XmlFailureReason } from '#bridge/xml/failure.ts';
import type { FailureReason } from '#core/failure.ts';

/** WSS 1.1.1 §12, `AuthenticationBadElements` of WS-Trust 1.3 §11, which is about the same header, and the codes of
 * WS-SecureConversation 1.3 §9. */
export type SecurityFaultCode =
  | 'unsupported-security-token'
  | 'unsupported-algorithm'
  | 'invalid-security'
  | 'invalid-security-token'
  | 'failed-authentication'
  | 'failed-check'
  | 'security-token-unavailable'
  | 'message-expired'
  | 'authentication-bad-elements'
  | 'bad-context-token'
  | 'unsupported-context-token'
  | 'unknown-derivation-source'
  | 'context-renewal-needed'
  | 'context-renewal-not-possible';

const REASONS = {
  'unsupported-security-token': 'token-type-unsupported',
  'unsupported-algorithm': 'signature-invalid',
  'invalid-security': 'request-malformed',
  'invalid-security-token': 'token-malformed',
  'failed-authentication': 'requestor-unauthenticated',
  'failed-check': 'signature-invalid',
  'security-token-unavailable': 'token-malformed',
  'message-expired': 'token-expired',
  'authentication-bad-elements': 'requestor-unauthenticated',
  'bad-context-token': 'token-malformed',
  'unsupported-context-token': 'token-malformed',
  'unknown-derivation-source': 'token-malformed',
  'context-renewal-needed': 'token-expired',
  'context-renewal-not-possible': 'renewal-not-possible',
} as const satisfies Record<SecurityFaultCode, FailureReason>;

interface SecurityFailureOptions {
  readonly cause?: unknown;
  /** Where the code tells less than we know. */
  readonly reason?: FailureReason;
}

/** A refusal of the Security header; the message is detail for our log and audit. */
export class SecurityFailure extends Error {
  readonly code: SecurityFaultCode;
  /** The same in the words of core, for the audit. */
  readonly reason: FailureReason;

  constructor(code: SecurityFaultCode, detail: string, options: SecurityFailureOptions = {}) {
    super(detail, options);
    this.name = 'SecurityFailure';
    this.code = code;
    this.reason = options.reason ?? REASONS[code];
  }
}

/** Reads a part of the Security header: XML of another shape leaves as a failure of that header.
 * @throws {SecurityFailure} the code given in the place of an XmlFailure */
export function readSecurely<T>(code: SecurityFaultCode, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw securityFailureOf(cause, code);
  }
}

/** Fault codes by the reason of an XmlFailure. */
export type FaultCodes = Partial<Record<XmlFailureReason, SecurityFaultCode>>;

/** Does the cryptography of a header: what XML refuses leaves with the code of its reason, else with the usual one.
 * @throws {SecurityFailure} in the place of an XmlFailure */
export async function runSecurely<T>(
  codes: FaultCodes,
  usual: SecurityFaultCode,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw securityFailureOf(cause, usual, codes);
  }
}

/** One answer for everything that goes wrong after a message was decrypted and before its signature has verified: with several, whoever
 * captured a message could recombine its parts and learn from the answers what is in them (E9). Reason and detail, for the audit, are
 * those of the cause.
 * @throws {SecurityFailure} only `failed-check`, in the place of an XmlFailure too */
export async function refusedAsFailedCheck<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const refusal = securityFailureOf(cause, 'failed-check');
    if (!(refusal instanceof SecurityFailure)) throw refusal;
    const { message, reason } = refusal;
    throw new SecurityFailure('failed-check', message, { cause, reason });
  }
}

function securityFailureOf(
  cause: unknown,
  usual: SecurityFaultCode,
  codes: FaultCodes = {},
): unknown {
  if (!(cause instanceof XmlFailure)) return cause;
  const code = codes[cause.reason] ?? usual;
  return new SecurityFailure(code, `${cause.reason}: ${cause.message}`, { cause });
}
