// ExchangeFailure -> OAuth error. The map belongs to the front and the grant: the same bad token is `invalid_request` in a
// token exchange (RFC 8693 §2.2.2) and `invalid_grant` in an assertion grant (RFC 7521 §4.1.1).

import { errors } from 'oidc-provider';
import { ExchangeFailure, type FailureReason } from '#core/failure.ts';

interface OAuthError {
  readonly status: number;
  readonly error: string;
  /** One fixed sentence for each kind: no oracle between the ways a token can be bad. */
  readonly description: string;
}

export type ErrorMap = Readonly<Record<FailureReason, OAuthError>>;

const bad = (error: string, description: string): OAuthError => ({
  status: 400,
  error,
  description,
});

const MALFORMED = bad('invalid_request', 'the request is malformed');
const BAD_TOKEN = bad('invalid_request', 'a presented token is not acceptable');
const BAD_ASSERTION = bad('invalid_grant', 'the assertion is not acceptable');
const BAD_TARGET = bad('invalid_target', 'the requested target is unknown or not permitted');

const UNAUTHENTICATED: OAuthError = {
  status: 401,
  error: 'invalid_client',
  description: 'client authentication failed',
};

/** RFC 8693 §2.2.2. */
export const TOKEN_EXCHANGE_ERRORS = {
  'request-malformed': MALFORMED,
  'operation-unsupported': bad('unsupported_grant_type', 'the grant type is not supported'),
  'requestor-unauthenticated': UNAUTHENTICATED,
  // Nobody logs in with a user name at these endpoints; where one could, it would be no client that is known.
  'second-factor-required': UNAUTHENTICATED,
  'requestor-not-allowed': bad('unauthorized_client', 'the client may not use this grant'),
  'token-type-unsupported': bad('invalid_request', 'the token type is not supported here'),
  'token-malformed': BAD_TOKEN,
  'signature-invalid': BAD_TOKEN,
  'issuer-untrusted': BAD_TOKEN,
  'token-audience-mismatch': BAD_TOKEN,
  'token-replayed': BAD_TOKEN,
  'token-revoked': BAD_TOKEN,
  'token-expired': BAD_TOKEN,
  'renewal-needed': BAD_TOKEN,
  'token-not-yet-valid': BAD_TOKEN,
  'confirmation-missing': BAD_TOKEN,
  'target-unknown': BAD_TARGET,
  'target-not-allowed': BAD_TARGET,
  'scope-not-allowed': bad('invalid_scope', 'the requested scope cannot be granted'),
  'claim-missing': BAD_TOKEN,
  'delegation-not-allowed': bad('invalid_request', 'this delegation is not permitted'),
  'lifetime-not-possible': bad('invalid_request', 'the requested lifetime is not possible'),
  'renewal-not-possible': bad('invalid_grant', 'the token cannot be renewed'),
  // RFC 6585 §4. RFC 6749 has no error code for it; "temporary overloading" is this one's (§4.1.2.1).
  'rate-limited': {
    status: 429,
    error: 'temporarily_unavailable',
    description: 'too many requests',
  },
  'dependency-unavailable': {
    status: 503,
    error: 'temporarily_unavailable',
    description: 'the service cannot answer safely at the moment',
  },
} as const satisfies ErrorMap;

/** RFC 7521 §4.1.1, RFC 7523 §3.1. */
export const ASSERTION_GRANT_ERRORS = {
  ...TOKEN_EXCHANGE_ERRORS,
  'token-type-unsupported': BAD_ASSERTION,
  'token-malformed': BAD_ASSERTION,
  'signature-invalid': BAD_ASSERTION,
  'issuer-untrusted': BAD_ASSERTION,
  'token-audience-mismatch': BAD_ASSERTION,
  'token-replayed': BAD_ASSERTION,
  'token-revoked': BAD_ASSERTION,
  'token-expired': BAD_ASSERTION,
  'renewal-needed': BAD_ASSERTION,
  'token-not-yet-valid': BAD_ASSERTION,
  'confirmation-missing': BAD_ASSERTION,
  'claim-missing': BAD_ASSERTION,
  'delegation-not-allowed': BAD_ASSERTION,
} as const satisfies ErrorMap;

/** The library's error for a refusal. The detail goes to our log with the cause, never to the client. */
export function oauthError(failure: ExchangeFailure, map: ErrorMap): errors.OIDCProviderError {
  const { status, error, description } = map[failure.reason];
  const thrown = new errors.OIDCProviderError(status, error, { cause: failure });
  // The library hides the text of all 5xx; ours says nothing but that it is worth trying again.
  thrown.expose = true;
  thrown.error_description = description;
  return thrown;
}

/** RFC 7009 §2.2.1, RFC 7662 §2.3: there is no grant, and what a client may not do there is to revoke. */
const OWN_TOKEN_ERRORS = {
  ...TOKEN_EXCHANGE_ERRORS,
  'requestor-not-allowed': bad('unauthorized_client', 'the client may not revoke this token'),
} as const satisfies ErrorMap;

/** Answers a refusal where the library does not, at introspection and revocation. */
export function answerFailure(
  ctx: { status: number; body?: unknown },
  { reason }: ExchangeFailure,
): void {
  const { status, error, description } = OWN_TOKEN_ERRORS[reason];
  ctx.status = status;
  ctx.body = { error, error_description: description };
}

/** Runs a step; a refusal leaves as an OAuth error, a bug as it is.
 * @throws {errors.OIDCProviderError} */
export async function withOAuthErrors<T>(map: ErrorMap, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    if (cause instanceof ExchangeFailure) throw oauthError(cause, map);
    throw cause;
  }
}
