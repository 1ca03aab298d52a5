// The operation Issue (WS-Trust 1.3 §4): read, authenticate, ask core, answer.

import { writeAnswer } from '#bridge/soap/answer.ts';
import { bodyOverTls } from '#bridge/ws-security/protected-body.ts';
import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import { readSecurityHeader, type SecurityHeader } from '#bridge/ws-security/security-header.ts';
import {
  type TimestampRules,
  validateTimestamp,
  writeTimestamp,
} from '#bridge/ws-security/timestamp.ts';
import { element, type Markup } from '#bridge/xml/markup.ts';
import { WSSE_NS } from '#bridge/xml/namespaces.ts';
import { exchange } from '#core/exchange.ts';
import type { RelyingParty } from '#core/relying-party.ts';
import type { TokenService } from '#core/token-service.ts';
import type { IssuedToken } from '#core/token-spec.ts';
import { type AuthenticationParts, authenticate } from './authentication.ts';
import { requireAgreement, requireOurAddress } from './dispatch.ts';
import type { Endpoint, EndpointProfile } from './endpoint-profile.ts';
import { mapRequest } from './exchange-mapping.ts';
import { actionsOf } from './names.ts';
import type { OpenedMessage, Progress } from './opened-message.ts';
import { requireHonoured } from './rst/honoured.ts';
import { readRst } from './rst/read-rst.ts';
import type { RstRequest } from './rst/rst-request.ts';
import { type AssertionReference, writeIssueAnswer } from './rstr.ts';

/** What Issue needs of the world. */
export interface IssueParts extends AuthenticationParts {
  readonly sts: TokenService;
  readonly relyingParties: readonly RelyingParty[];
  readonly timestampRules: TimestampRules;
  readonly describeReference: (token: IssuedToken) => AssertionReference | undefined;
  readonly now: () => number;
}

/** One request to issue. */
export interface IssueInput {
  readonly message: OpenedMessage;
  readonly profile: EndpointProfile;
  readonly endpoint: Endpoint;
  /** The endpoint as the client calls it. */
  readonly address: string;
  readonly isSecure: boolean;
  readonly correlationId: string;
  readonly sourceAddress?: string | undefined;
}

const ANSWER_LIFETIME_SECONDS = 300;

/** Answers a request to issue.
 * @throws {ExchangeFailure} any reason
 * @throws {SecurityFailure} any code
 * @throws {XmlFailure} reasons of reading */
export async function issue(
  input: IssueInput,
  parts: IssueParts,
  progress: Progress,
): Promise<string> {
  const { message, profile, endpoint, address, correlationId, sourceAddress } = input;
  const now = parts.now();
  const security = readSecurityHeader(message.envelope);
  if (security?.timestamp) validateTimestamp(security.timestamp, now, parts.timestampRules);
  // Everything cheap is refused before a password costs a computation.
  const rst = readRequest(input, security);
  requireAgreement(message, rst.trust, rst.operation);
  requireOurAddress(message.addressing, address);
  requireHonoured(rst, address);
  const { envelope } = message;
  const requestor = await authenticate(
    { envelope, security, endpoint, profile, sourceAddress, now },
    parts,
  );
  progress.requestor = requestor;
  const { relyingParties, timestampRules } = parts;
  const { skewSeconds } = timestampRules;
  const context = {
    requestor,
    profile,
    relyingParties,
    now,
    skewSeconds,
    correlationId,
    sourceAddress,
  };
  const request = mapRequest(rst, context);
  progress.isRecorded = true;
  const token = await exchange(request, parts.sts);
  progress.isRecorded = false;
  return write({ rst, token, input, security }, parts);
}

function readRequest({ message, isSecure }: IssueInput, security: SecurityHeader | undefined) {
  const body = bodyOverTls(message.envelope, isSecure);
  const tokens = security?.tokens ?? [];
  const { rst, usedTokens } = readRst(body, tokens);
  // A second credential, or a token nobody asks about: what it is there for is open. A certificate belongs to its signature.
  const isUnused = tokens.some((token) => !usedTokens.has(token));
  if (isUnused && security?.signatures.length === 0)
    throw new SecurityFailure('unsupported-security-token', 'a token that nothing refers to');
  return rst;
}

interface Written {
  readonly rst: RstRequest;
  readonly token: IssuedToken;
  readonly input: IssueInput;
  readonly security: SecurityHeader | undefined;
}

function write({ rst, token, input, security }: Written, parts: IssueParts): string {
  const { message, profile } = input;
  const hasTimestamp = profile.includesTimestamp && security?.timestamp !== undefined;
  return writeAnswer(
    { version: message.envelope.version, addressing: message.addressing },
    {
      action: actionsOf(rst.trust, rst.operation).answer,
      headers: hasTimestamp ? [writeSecurity(parts.now())] : [],
      body: writeIssueAnswer({
        rst,
        token,
        profile,
        reference: parts.describeReference(token),
        appliesTo: profile.tellsAppliesTo ? unaskedTarget(rst, token, parts) : undefined,
      }),
    },
  );
}

function writeSecurity(now: number): Markup {
  const name = { prefix: 'wsse', uri: WSSE_NS, local: 'Security' };
  return element(name, [], [writeTimestamp(now, ANSWER_LIFETIME_SECONDS)]);
}

// WS-Trust 1.3 §4.4: AppliesTo is told where the scope is not the one that was asked for.
function unaskedTarget(
  { appliesTo, participants }: RstRequest,
  { spec }: IssuedToken,
  { relyingParties }: IssueParts,
): string | undefined {
  if (appliesTo !== undefined || participants.length > 0) return undefined;
  return relyingParties.find(({ id }) => id === spec.relyingParties[0])?.appliesTo[0];
}
