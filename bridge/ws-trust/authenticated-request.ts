// What every operation begins with: the message is read, held against its frame, and its requestor authenticated. Everything
// cheap is refused before a password or a signature costs a computation.

import { bodyOverTls } from '#bridge/ws-security/protected-body.ts';
import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import { readSecurityHeader, type SecurityHeader } from '#bridge/ws-security/security-header.ts';
import { type TimestampRules, validateTimestamp } from '#bridge/ws-security/timestamp.ts';
import type { Instant } from '#core/instant.ts';
import type { Requestor } from '#core/requestor.ts';
import { type AuthenticationParts, authenticate } from './authentication.ts';
import { requireAgreement, requireOurAddress } from './dispatch.ts';
import type { Endpoint, EndpointProfile } from './endpoint-profile.ts';
import type { ProvedSignature } from './keys/proof-key.ts';
import type { OpenedMessage, Progress } from './opened-message.ts';
import { readRst } from './rst/read-rst.ts';
import type { RstRequest } from './rst/rst-request.ts';

/** One message and where it came in. */
export interface ReceivedMessage {
  readonly message: OpenedMessage;
  readonly profile: EndpointProfile;
  readonly endpoint: Endpoint;
  /** The endpoint as the client calls it. */
  readonly address: string;
  readonly isSecure: boolean;
  readonly correlationId: string;
  readonly sourceAddress?: string | undefined;
}

/** A request whose requestor is known. Nothing is decided yet. */
export interface AuthenticatedRequest {
  readonly received: ReceivedMessage;
  readonly rst: RstRequest;
  readonly security: SecurityHeader | undefined;
  readonly requestor: Requestor;
  /** What the signatures of the message proved. */
  readonly signatures?: readonly ProvedSignature[];
  readonly now: Instant;
}

/** What it takes to get that far. */
export interface ReceivingParts extends AuthenticationParts {
  readonly timestampRules: TimestampRules;
  readonly now: () => Instant;
}

/** Reads and authenticates a request. `requireHonoured` refuses what its operation does not do, before authentication.
 * @throws {ExchangeFailure} `request-malformed`, `operation-unsupported`, `token-type-unsupported`, `token-malformed`,
 * `requestor-unauthenticated`, `dependency-unavailable`
 * @throws {SecurityFailure} any code
 * @throws {XmlFailure} reasons of reading */
export async function authenticateRequest(
  received: ReceivedMessage,
  parts: ReceivingParts,
  { progress, requireHonoured }: RequestRules,
): Promise<AuthenticatedRequest> {
  const { message, profile, endpoint, address, sourceAddress } = received;
  const { envelope } = message;
  const now = parts.now();
  const security = readSecurityHeader(envelope);
  if (security?.timestamp) validateTimestamp(security.timestamp, now, parts.timestampRules);
  const rst = readRequest(received, security);
  requireAgreement(message, rst.trust, rst.operation);
  requireOurAddress(message.addressing, address);
  requireHonoured(rst, address);
  const requestor = await authenticate(
    { envelope, security, endpoint, profile, sourceAddress, now },
    parts,
  );
  progress.requestor = requestor;
  return { received, rst, security, requestor, now };
}

interface RequestRules {
  /** Follows. */
  readonly progress: Progress;
  readonly requireHonoured: (rst: RstRequest, address: string) => void;
}

function readRequest(
  { message, isSecure }: ReceivedMessage,
  security: SecurityHeader | undefined,
): RstRequest {
  const body = bodyOverTls(message.envelope, isSecure);
  const tokens = security?.tokens ?? [];
  const { rst, usedTokens } = readRst(body, tokens);
  // A second credential, or a token nobody asks about: what it is there for is open. A certificate belongs to its signature.
  const isUnused = tokens.some((token) => !usedTokens.has(token));
  if (isUnused && security?.signatures.length === 0)
    throw new SecurityFailure('unsupported-security-token', 'a token that nothing refers to');
  return rst;
}
