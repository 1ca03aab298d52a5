// What every operation begins with: the message is read, held against its frame, and its requestor authenticated. Everything
// cheap is refused before a password or a signature costs a computation.

import { type ProtectedBody, resumedBody } from '#bridge/ws-security/encryption/protected-body.ts';
import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import { readSecurityHeader, type SecurityHeader } from '#bridge/ws-security/security-header.ts';
import type { MessageSignature } from '#bridge/ws-security/signature/message-signature.ts';
import { validateTimestamp } from '#bridge/ws-security/timestamp.ts';
import type { Markup } from '#bridge/xml/canonical/markup.ts';
import { WSSE_NS } from '#bridge/xml/namespaces.ts';
import { childrenNamed } from '#bridge/xml/reader.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { Clock, Instant } from '#core/instant.ts';
import { type Requestor, requestorName } from '#core/request/requestor.ts';
import { requireActions, requireAgreement, requireOurAddress } from '../agreement.ts';
import { isLaterLeg } from '../challenge/challenge-response.ts';
import type { Challenges, ResumedRequest } from '../challenge/challenges.ts';
import {
  needsFreshSignature,
  refuseUnchallenged,
  requireFreshSignature,
} from '../challenge/fresh-signature.ts';
import { endorsingKeys } from '../keys/proof-key.ts';
import { legActionOf, trustOf } from '../names.ts';
import { readFrame, readRst } from '../rst/read-rst.ts';
import type { RstRequest } from '../rst/rst-request.ts';
import { type AuthenticationParts, authenticate } from './authentication.ts';
import { bodyOf, verifyProtection } from './message-protection.ts';
import type { Progress } from './opened-message.ts';
import {
  type MessageProtection,
  type MessageToAuthenticate,
  type ReceivedMessage,
  wantedSignatures,
} from './received-message.ts';
import { verifySecretProtection } from './secret-protection.ts';

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

/** A request whose requestor is half known: it goes on when the challenge is answered. */
export interface ChallengedMessage {
  readonly received: ReceivedMessage;
  readonly rst: RstRequest;
  readonly security: SecurityHeader | undefined;
  /** The Body that asks. */
  readonly challenge: Markup;
}

/** What it takes to get that far. */
export interface ReceivingParts extends AuthenticationParts {
  readonly challenges: Challenges;
  readonly clock: Clock;
}

/** What happens to a request while it is read. */
export interface RequestRules {
  /** Follows. */
  readonly progress: Progress;
  readonly requireHonoured: (rst: RstRequest, address: string) => void;
}

/** Reads and authenticates a request. `requireHonoured` refuses what its operation does not do, before authentication.
 * @throws {ExchangeFailure} `request-malformed`, `operation-unsupported`, `token-type-unsupported`, `token-malformed`,
 * `requestor-unauthenticated`, `dependency-unavailable`
 * @throws {SecurityFailure} any code
 * @throws {XmlFailure} reasons of reading */
export async function authenticateRequest(
  message: ReceivedMessage,
  parts: ReceivingParts,
  { progress, requireHonoured }: RequestRules,
): Promise<AuthenticatedRequest | ChallengedMessage> {
  const { received, security } = await openSecurity(message, parts, progress);
  const { address } = received;
  const { body, resumed } = await askedIn(received, parts);
  const frame = { ...readFrame(body), ...(resumed && { context: resumed.context }) };
  // Before the rest of it: what cannot be read of a request to cancel is on record as that.
  progress.operation = frame.operation;
  const { rst, usedTokens } = readRst(body, security?.tokens ?? [], frame);
  if (resumed) requireActions(received.message, [legActionOf(rst.trust)]);
  else requireAgreement(received.message, rst);
  requireOurAddress(received);
  requireHonoured(rst, address);
  requireSameUser(security, resumed);
  const { oneTimePassword } = resumed ?? {};
  const wanted = wantedSignatures([rst], received.endpoint);
  const requestDocument = resumed?.document;
  const read = { received, rst, security, usedTokens, requestDocument, oneTimePassword, ...wanted };
  try {
    const request = { ...(await authenticateMessage(read, parts, progress)), rst };
    return withSignChallenge(request, resumed, parts);
  } catch (cause) {
    const challenge = challengeFor(cause, read, parts);
    if (challenge === undefined) throw cause;
    return { received, rst, security, challenge };
  }
}

/** The Security header of a message, whose protection is verified before anything of its Body is read.
 * @throws {SecurityFailure} any code */
export async function openSecurity(
  message: ReceivedMessage,
  parts: ReceivingParts,
  progress: Progress,
): Promise<Pick<AuthenticatedRequest, 'received' | 'security'>> {
  const { envelope } = message.message;
  const { security, protection } = await readProtected(message, parts);
  // Before, not even a fault may tell what was encrypted.
  if (protection) progress.trust = trustOf(envelope.payload?.uri ?? '') ?? progress.trust;
  // The client sent no Timestamp, so a fault has none either.
  else if (!security?.timestamp) delete progress.faultHeaders;
  return { received: { ...message, protection }, security };
}

async function readProtected(
  { endpoint, message }: ReceivedMessage,
  parts: ReceivingParts,
): Promise<{ security: SecurityHeader | undefined; protection?: MessageProtection }> {
  const validate = ({ timestamp }: Pick<SecurityHeader, 'timestamp'>): void => {
    if (timestamp) validateTimestamp(timestamp, parts.clock.now(), parts.timestampRules);
  };
  const { messageSecurity } = endpoint;
  if (messageSecurity === undefined) {
    const security = readSecurityHeader(message.envelope);
    if (security) validate(security);
    return { security };
  }
  const bySecret = messageSecurity === 'symmetric-sign-and-encrypt';
  const opened = await (bySecret ? verifySecretProtection : verifyProtection)(message, parts);
  // Not before: that a message is over must not tell whether it opened.
  validate(opened.security);
  return opened;
}

/** The request, or the challenge to it where the address asks for a signature that cannot have been made before (WS-Trust 1.3 §8.3). */
function withSignChallenge(
  request: AuthenticatedRequest,
  resumed: ResumedRequest | undefined,
  parts: ReceivingParts,
): AuthenticatedRequest | ChallengedMessage {
  if (resumed) requireFreshSignature(request, resumed);
  if (resumed || !needsFreshSignature(request, [request.rst])) return request;
  const { received, requestor, rst, security } = request;
  const asked = requestorName(requestor);
  const challenge = askFor({ kind: 'signature', asked }, request, parts) ?? refuseUnchallenged();
  return { received, rst, security, challenge };
}

/** The Body that asks for an answer; undefined where there is none to ask for: Issue alone has legs. */
function askFor(
  challenge: Pick<ResumedRequest, 'asked' | 'kind'>,
  { received, rst }: Pick<AuthenticatedRequest, 'received' | 'rst'>,
  { challenges }: ReceivingParts,
): Markup | undefined {
  const { payload } = received.message.envelope;
  const { context, operation, trust } = rst;
  if (operation !== 'Issue' || payload === undefined) return undefined;
  return challenges.ask({ ...challenge, trust, context, address: received.address, payload });
}

// Each message is authenticated anew: what we sealed says what was asked, not who sends it back.
function requireSameUser(
  security: SecurityHeader | undefined,
  resumed: ResumedRequest | undefined,
): void {
  if (resumed?.kind === 'one-time-password' && security?.userName?.name !== resumed.asked)
    throw new ExchangeFailure('requestor-unauthenticated', 'another user answers the challenge');
}

/** Who asks, and what the signatures of the message proved.
 * @throws {ExchangeFailure} `requestor-unauthenticated`, `second-factor-required`, `dependency-unavailable`
 * @throws {SecurityFailure} any code */
export async function authenticateMessage(
  message: MessageToAuthenticate,
  parts: ReceivingParts,
  progress: Progress,
): Promise<Omit<AuthenticatedRequest, 'rst'>> {
  const { received, security, usedTokens } = message;
  const now = parts.clock.now();
  const authenticated = await authenticate({ ...message, now }, parts);
  const { signatures } = authenticated;
  const requestor = { ...authenticated.requestor, otherKeys: endorsingKeys(signatures) };
  progress.requestor = requestor;
  const { protection } = received;
  const covering = protection ? [protection.signature] : signatures;
  requireUsed(security, new Set([...usedTokens, ...authenticated.usedTokens]), covering);
  return { received, security, requestor, signatures, now };
}

/** The challenge to a right password that is not enough; undefined where there is none to make: it came with 1.4 (WS-Trust 1.4 §8.9). */
function challengeFor(
  cause: unknown,
  message: Pick<AuthenticatedRequest, 'received' | 'rst' | 'security'>,
  parts: ReceivingParts,
): Markup | undefined {
  const isMissing = cause instanceof ExchangeFailure && cause.reason === 'second-factor-required';
  const asked = message.security?.userName?.name;
  if (!isMissing || message.rst.trust.version !== '1.3' || asked === undefined) return undefined;
  return askFor({ kind: 'one-time-password', asked }, message, parts);
}

/** The Body that asks: that of the message, or of the earlier one that it answers a challenge to. */
async function askedIn(
  received: ReceivedMessage,
  { challenges }: ReceivingParts,
): Promise<{ readonly body: ProtectedBody; readonly resumed?: ResumedRequest }> {
  const body = bodyOf(received);
  if (!isLaterLeg(body.payload)) return { body };
  const resumed = await challenges.resume(body.payload, received.address);
  return { body: resumedBody(resumed.document, body.document), resumed };
}

// A second credential, a token nobody asks about, or a reference that is there for no signature: it is unclear what it is for.
function requireUsed(
  security: SecurityHeader | undefined,
  usedTokens: ReadonlySet<XmlElement>,
  signatures: readonly MessageSignature[],
): void {
  if (!security) return;
  if (security.tokens.some((token) => !usedTokens.has(token)))
    throw new SecurityFailure('unsupported-security-token', 'a token that nothing refers to');
  const references = childrenNamed(security.element, WSSE_NS, 'SecurityTokenReference');
  if (references.some((each) => !signatures.some(({ proof }) => proof.covered.has(each))))
    throw new SecurityFailure('unsupported-security-token', 'a reference that nothing signs');
}
