// What every operation begins with: the message is read, held against its frame, and its requestor authenticated. Everything
// cheap is refused before a password or a signature costs a computation.

import type { MessageSignature } from '#bridge/ws-security/message-signature.ts';
import { bodyOverTls } from '#bridge/ws-security/protected-body.ts';
import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import { readSecurityHeader, type SecurityHeader } from '#bridge/ws-security/security-header.ts';
import { type TimestampRules, validateTimestamp } from '#bridge/ws-security/timestamp.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import type { Instant } from '#core/instant.ts';
import type { Requestor } from '#core/requestor.ts';
import { type AuthenticationParts, authenticate } from './authentication.ts';
import { requireAgreement, requireOurAddress } from './dispatch.ts';
import type { Endpoint, EndpointProfile } from './endpoint-profile.ts';
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
  readonly signatures: readonly MessageSignature[];
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
  const { rst, usedTokens } = readRequest(received, security);
  progress.operation = rst.operation;
  requireAgreement(message, rst.trust, rst.operation);
  requireOurAddress(message.addressing, address);
  requireHonoured(rst, address);
  const namesKey = rst.present.has('UseKey');
  const authenticated = await authenticate(
    { envelope, security, endpoint, profile, sourceAddress, namesKey, now },
    parts,
  );
  const { requestor, signatures } = authenticated;
  progress.requestor = requestor;
  requireUsed(security, new Set([...usedTokens, ...authenticated.usedTokens]));
  return { received, rst, security, requestor, signatures, now };
}

interface RequestRules {
  /** Follows. */
  readonly progress: Progress;
  readonly requireHonoured: (rst: RstRequest, address: string) => void;
}

function readRequest(
  { message, isSecure }: ReceivedMessage,
  security: SecurityHeader | undefined,
): ReturnType<typeof readRst> {
  const body = bodyOverTls(message.envelope, isSecure);
  return readRst(body, security?.tokens ?? []);
}

// A second credential, or a token nobody asks about: what it is there for is open.
function requireUsed(
  security: SecurityHeader | undefined,
  usedTokens: ReadonlySet<XmlElement>,
): void {
  if (security?.tokens.some((token) => !usedTokens.has(token)))
    throw new SecurityFailure('unsupported-security-token', 'a token that nothing refers to');
}
