// The operations by name, and the way of every request through one of them: read, authenticate, ask core, answer.

import { writeAnswer } from '#bridge/soap/answer.ts';
import { writeTimestamp } from '#bridge/ws-security/timestamp.ts';
import { element, type Markup } from '#bridge/xml/markup.ts';
import { WSSE_NS } from '#bridge/xml/namespaces.ts';
import { validateAdmission } from '#core/admission.ts';
import {
  type AuthenticatedRequest,
  authenticateRequest,
  type ReceivedMessage,
} from '../authenticated-request.ts';
import { actionsOf, type TrustOperation } from '../names.ts';
import type { Progress } from '../opened-message.ts';
import { CANCEL } from './cancel.ts';
import { ISSUE } from './issue.ts';
import type { Operation, OperationParts } from './operation.ts';
import { RENEW } from './renew.ts';
import { VALIDATE } from './validate.ts';

const OPERATIONS: Readonly<Record<TrustOperation, Operation>> = {
  Issue: ISSUE,
  Renew: RENEW,
  Validate: VALIDATE,
  Cancel: CANCEL,
};

const ANSWER_LIFETIME_SECONDS = 300;

/** Answers one message: the whole envelope.
 * @throws {ExchangeFailure} any reason
 * @throws {SecurityFailure} any code
 * @throws {XmlFailure} reasons of reading */
export async function answerRequest(
  received: ReceivedMessage,
  parts: OperationParts,
  progress: Progress,
): Promise<string> {
  const request = await authenticateRequest(received, parts, {
    progress,
    requireHonoured: (rst, address) => OPERATIONS[rst.operation].requireHonoured(rst, address),
  });
  validateAdmission(parts.admits, request.requestor);
  const body = await OPERATIONS[request.rst.operation].answer(request, parts, progress);
  return writeEnvelope(request, body, parts);
}

function writeEnvelope(
  { received, rst, security }: AuthenticatedRequest,
  body: Markup,
  parts: OperationParts,
): string {
  const { message, profile } = received;
  const hasTimestamp = profile.includesTimestamp && security?.timestamp !== undefined;
  return writeAnswer(
    { version: message.envelope.version, addressing: message.addressing },
    {
      action: actionsOf(rst.trust, rst.operation).answer,
      headers: hasTimestamp ? [writeSecurity(parts.now())] : [],
      body,
    },
  );
}

function writeSecurity(now: number): Markup {
  const name = { prefix: 'wsse', uri: WSSE_NS, local: 'Security' };
  return element(name, [], [writeTimestamp(now, ANSWER_LIFETIME_SECONDS)]);
}
