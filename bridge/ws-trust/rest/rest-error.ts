// Refusals to answers of the REST form: the JSON of OAuth errors (RFC 6749 §5.2), which the rest of our HTTP surface speaks, with
// registered names only. One fixed sentence for each kind: nobody can feel their way (xml-security E9).

import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import type { FailureReason } from '#core/failure.ts';
import { type Refusal, refusalOf } from '../fault-map.ts';

export interface RestError {
  readonly status: number;
  readonly error: string;
  readonly description: string;
}

const answer = (status: number, error: string, description: string): RestError => ({
  status,
  error,
  description,
});

const MALFORMED = answer(400, 'invalid_request', 'the request is malformed');
const UNAUTHENTICATED = answer(401, 'invalid_client', 'authentication failed');
const DENIED = answer(403, 'access_denied', 'the request is not permitted');
const BAD_TOKEN = answer(400, 'invalid_grant', 'a presented token is not acceptable');
const BAD_TARGET = answer(400, 'invalid_target', 'the target is unknown or not permitted');
const LATER = 'the service cannot answer at the moment';

/** The answers to core's reasons. */
export const REST_ERRORS = {
  'request-malformed': MALFORMED,
  'operation-unsupported': answer(400, 'invalid_request', 'what is asked for is not done here'),
  'requestor-unauthenticated': UNAUTHENTICATED,
  'second-factor-required': UNAUTHENTICATED,
  'requestor-not-allowed': DENIED,
  'token-type-unsupported': answer(
    400,
    'unsupported_token_type',
    'the token type is not supported',
  ),
  'token-malformed': BAD_TOKEN,
  'signature-invalid': BAD_TOKEN,
  'issuer-untrusted': BAD_TOKEN,
  'token-audience-mismatch': BAD_TOKEN,
  'token-replayed': BAD_TOKEN,
  'token-revoked': BAD_TOKEN,
  'token-expired': BAD_TOKEN,
  'token-not-yet-valid': BAD_TOKEN,
  'confirmation-missing': BAD_TOKEN,
  'target-unknown': BAD_TARGET,
  'target-not-allowed': BAD_TARGET,
  'scope-not-allowed': answer(400, 'invalid_scope', 'the scope cannot be granted'),
  'claim-missing': DENIED,
  'delegation-not-allowed': DENIED,
  'lifetime-not-possible': answer(400, 'invalid_request', 'the lifetime is not possible'),
  'renewal-needed': BAD_TOKEN,
  'renewal-not-possible': answer(400, 'invalid_grant', 'the token cannot be renewed'),
  'rate-limited': answer(429, 'temporarily_unavailable', LATER),
  'dependency-unavailable': answer(503, 'temporarily_unavailable', LATER),
} as const satisfies Record<FailureReason, RestError>;

const OUR_MISTAKE = answer(500, 'server_error', 'the request failed');

/** A refusal as the audit and the client see it. */
export type RestRefusal = RestError & Omit<Refusal, 'fault'>;

/** Nothing that the client reads is what we could answer in (RFC 9110 §15.5.7). */
export class NotAcceptable extends Error {
  constructor() {
    super('no media type that we can answer in');
    this.name = 'NotAcceptable';
  }
}

/** What comes of whatever was thrown. A bug is ours, and its text stays here: it may hold anything. */
export function restRefusalOf(cause: unknown): RestRefusal {
  if (cause instanceof NotAcceptable)
    return { ...MALFORMED, status: 406, reason: 'request-malformed', detail: cause.message };
  const { detail, reason, retryAfterSeconds } = refusalOf(cause);
  if (reason === 'server-error') return { ...OUR_MISTAKE, reason };
  // Only credentials fail like that here, and each is refused in the same words; the reason is for the audit.
  const isCredential = cause instanceof SecurityFailure && cause.code === 'failed-authentication';
  return {
    ...(isCredential ? UNAUTHENTICATED : REST_ERRORS[reason]),
    reason,
    ...(detail !== undefined && { detail }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
}
