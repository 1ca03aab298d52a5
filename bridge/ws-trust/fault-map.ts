// Refusals to faults (WS-Trust 1.3 §11, WSS 1.1.1 §12, WS-SecureConversation 1.3 §9). Each code has one fixed sentence: it never
// names the account, the rule or the library, so that nobody can feel their way (xml-security E9).

import { EnvelopeFailure, type EnvelopeFailureCode } from '#bridge/soap/envelope-failure.ts';
import type { SoapFault } from '#bridge/soap/fault.ts';
import { SecurityFailure, type SecurityFaultCode } from '#bridge/ws-security/security-failure.ts';
import type { MarkupName } from '#bridge/xml/canonical/markup.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { wsse as wsseName } from '#bridge/xml/namespaces.ts';
import { beginningOf, ExchangeFailure, type FailureReason } from '#core/failure.ts';
import { conversationNamespaceOf, type TrustNames, trustName } from './names.ts';

/** A fault before it is spelled in the version of the request. */
export interface FaultRow {
  readonly standard: 'trust' | 'wsse' | 'conversation';
  readonly code: string;
  readonly reason: string;
  readonly party: SoapFault['party'];
}

const faultsOf =
  (standard: FaultRow['standard']) =>
  (code: string, reason: string): FaultRow => ({ standard, code, reason, party: 'Sender' });
const trust = faultsOf('trust');
const wsse = faultsOf('wsse');
const conversation = faultsOf('conversation');

const INVALID_REQUEST = trust('InvalidRequest', 'The request was invalid or malformed');
const FAILED_AUTHENTICATION = trust('FailedAuthentication', 'Authentication failed');
const REQUEST_FAILED = trust('RequestFailed', 'The specified request failed');
const INVALID_TOKEN = trust('InvalidSecurityToken', 'Security token has been revoked');
const INVALID_SCOPE = trust('InvalidScope', 'The request scope is invalid or unsupported');
const INVALID_TIME = trust(
  'InvalidTimeRange',
  'The requested time range is invalid or unsupported',
);
const UNSUPPORTED_TOKEN = wsse('UnsupportedSecurityToken', 'An unsupported token was provided');

/** Of a failure that is ours; the same code, so that clients that split it find one. */
const OUR_FAULT: FaultRow = { ...REQUEST_FAILED, party: 'Receiver' };

/** The faults of core's reasons. */
export const REASON_FAULTS = {
  'request-malformed': INVALID_REQUEST,
  'operation-unsupported': trust(
    'BadRequest',
    'The specified RequestSecurityToken is not understood',
  ),
  'requestor-unauthenticated': FAILED_AUTHENTICATION,
  'second-factor-required': FAILED_AUTHENTICATION,
  'requestor-not-allowed': REQUEST_FAILED,
  'token-type-unsupported': UNSUPPORTED_TOKEN,
  'token-malformed': INVALID_TOKEN,
  'signature-invalid': INVALID_TOKEN,
  'issuer-untrusted': INVALID_TOKEN,
  'token-audience-mismatch': INVALID_TOKEN,
  'token-replayed': INVALID_TOKEN,
  'token-revoked': INVALID_TOKEN,
  'token-expired': trust('ExpiredData', 'The request data is out-of-date'),
  'token-not-yet-valid': INVALID_TIME,
  'confirmation-missing': INVALID_TOKEN,
  'target-unknown': INVALID_SCOPE,
  'target-not-allowed': INVALID_SCOPE,
  'scope-not-allowed': INVALID_SCOPE,
  'claim-missing': REQUEST_FAILED,
  'delegation-not-allowed': REQUEST_FAILED,
  'lifetime-not-possible': INVALID_TIME,
  'renewal-needed': trust('RenewNeeded', 'A renewable security token has expired'),
  'renewal-not-possible': trust('UnableToRenew', 'The requested renewal failed'),
  // The Receiver's fault: nothing is wrong with the message, and it may be sent again.
  'rate-limited': OUR_FAULT,
  'dependency-unavailable': OUR_FAULT,
} as const satisfies Record<FailureReason, FaultRow>;

/** The faults of the Security header. A credential that is refused has the one code of WS-Trust, wherever it was refused. */
export const SECURITY_FAULTS = {
  'unsupported-security-token': UNSUPPORTED_TOKEN,
  'unsupported-algorithm': wsse(
    'UnsupportedAlgorithm',
    'An unsupported signature or encryption algorithm was used',
  ),
  'invalid-security': wsse(
    'InvalidSecurity',
    'An error was discovered processing the <wsse:Security> header',
  ),
  'invalid-security-token': wsse('InvalidSecurityToken', 'An invalid security token was provided'),
  'failed-authentication': FAILED_AUTHENTICATION,
  'failed-check': wsse('FailedCheck', 'The signature or decryption was invalid'),
  'security-token-unavailable': wsse(
    'SecurityTokenUnavailable',
    'Referenced security token could not be retrieved',
  ),
  'message-expired': wsse('MessageExpired', 'The message has expired'),
  'authentication-bad-elements': trust('AuthenticationBadElements', 'Insufficient Digest Elements'),
  'bad-context-token': conversation(
    'BadContextToken',
    'The requested context elements are insufficient or unsupported',
  ),
  'unsupported-context-token': conversation(
    'UnsupportedContextToken',
    'Not all of the values associated with the SCT are supported',
  ),
  'unknown-derivation-source': conversation(
    'UnknownDerivationSource',
    'The specified source for the derivation is unknown',
  ),
  'context-renewal-needed': conversation('RenewNeeded', 'The provided context token has expired'),
  'context-renewal-not-possible': conversation(
    'UnableToRenew',
    'The specified context token could not be renewed',
  ),
} as const satisfies Record<SecurityFaultCode, FaultRow>;

/** The faults of SOAP itself; the code beside them tells clients that look for one of WS-Trust. */
export const ENVELOPE_FAULTS = {
  'version-mismatch': { ...INVALID_REQUEST, party: 'VersionMismatch' },
  'must-understand': { ...INVALID_REQUEST, party: 'MustUnderstand' },
} as const satisfies Record<EnvelopeFailureCode, FaultRow>;

/** A refusal as the audit and the client see it. */
export interface Refusal {
  readonly fault: FaultRow;
  readonly reason: FailureReason | 'server-error';
  /** For the audit only. */
  readonly detail?: string;
  readonly retryAfterSeconds?: number;
}

const MAX_DETAIL_LENGTH = 400;

/** What comes of whatever was thrown. A bug is a fault of ours, and its text stays here: it may hold anything. */
export function refusalOf(cause: unknown): Refusal {
  if (cause instanceof ExchangeFailure) {
    const { reason } = cause;
    return { fault: REASON_FAULTS[reason], reason, ...detailOf(cause), ...retryOf(cause) };
  }
  if (cause instanceof SecurityFailure)
    return { fault: SECURITY_FAULTS[cause.code], reason: cause.reason, ...detailOf(cause) };
  if (cause instanceof EnvelopeFailure)
    return { fault: ENVELOPE_FAULTS[cause.code], reason: 'request-malformed', ...detailOf(cause) };
  if (cause instanceof XmlFailure)
    return { fault: INVALID_REQUEST, reason: 'request-malformed', ...detailOf(cause) };
  return { fault: OUR_FAULT, reason: 'server-error' };
}

function retryOf({ reason, retryAfterSeconds = 1 }: ExchangeFailure) {
  const isPassing = reason === 'dependency-unavailable' || reason === 'rate-limited';
  return isPassing ? { retryAfterSeconds } : {};
}

// Names of elements in it come from the client: bounded, so that they cannot fill the audit.
function detailOf({ message }: Error): { readonly detail: string } {
  return { detail: beginningOf(message, MAX_DETAIL_LENGTH) };
}

const SPELLINGS: Readonly<
  Record<FaultRow['standard'], (names: TrustNames, local: string) => MarkupName>
> = {
  trust: trustName,
  wsse: (_, local) => wsseName(local),
  conversation: (names, local) => ({ prefix: 'wsc', uri: conversationNamespaceOf(names), local }),
};

/** The fault in the namespace of the request. */
export function spellFault(
  { standard, code, reason, party }: FaultRow,
  names: TrustNames,
): SoapFault {
  return { party, code: SPELLINGS[standard](names, code), reason };
}
