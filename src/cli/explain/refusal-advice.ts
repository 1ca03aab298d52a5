// What to do about a refusal, by its reason: the same words as in docs/errors.md, for who asks `explain`.
import type { FailureReason } from '#core/failure.ts';

export const REFUSAL_ADVICE = {
  'request-malformed': 'Correct the request.',
  'operation-unsupported': 'Use one from the metadata.',
  'requestor-unauthenticated': 'Check id, secret or key, and the clock.',
  'second-factor-required': 'Answer the challenge of WS-Trust 1.4 with the one-time password.',
  'requestor-not-allowed': 'Add the grant to the client, or ask as the right one.',
  'token-type-unsupported':
    'Check the declared type, `types` of the trusted issuer and `types` of the policy row.',
  'token-malformed': 'Check the token at its issuer.',
  'signature-invalid': 'Check the keys and algorithms of the trusted issuer.',
  'issuer-untrusted': 'Add or correct the trusted issuer.',
  'token-audience-mismatch':
    'Ask its issuer for one that is; check `audiences`, `represents` and `servers`.',
  'token-replayed': 'Get a new one. If nobody sent it twice, it was stolen.',
  'token-revoked': 'Get a new one from the start of the chain.',
  'token-expired': 'Get a new one; check the clocks.',
  'token-not-yet-valid': 'Check the clocks.',
  'confirmation-missing': 'Present the proof; a bound token is never taken as bearer.',
  'target-unknown': 'Correct `resource`, `audience` or `AppliesTo`, or set `default_target`.',
  'target-not-allowed': 'Check policy and `requestors` of the relying party.',
  'scope-not-allowed': 'Ask for less, or widen row, relying party, client or subject token.',
  'claim-missing': 'Check the claim mapping and the claims of the token.',
  'delegation-not-allowed': 'Check `impersonation`, `delegation` and `may_act`.',
  'lifetime-not-possible': 'Ask for a lifetime above zero.',
  'renewal-needed': 'Renew it first.',
  'renewal-not-possible': 'Ask for a new one.',
  'rate-limited': 'Wait as long as `Retry-After` says; raise the limit if it is too low.',
  'dependency-unavailable': 'Try again after `Retry-After`; look at the readiness of the server.',
} as const satisfies Record<FailureReason, string>;
