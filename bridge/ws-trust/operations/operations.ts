// The operations by name, and the way of every request through one of them: read, authenticate, ask core, answer.

import type { Markup } from '#bridge/xml/canonical/markup.ts';
import { validateAdmission } from '#core/decision/admission.ts';
import { requestorName } from '#core/request/requestor.ts';
import { answerOf } from '../agreement.ts';
import { writeCollection } from '../answer/response.ts';
import { recordRefusal } from '../audit.ts';
import {
  authenticateRequest,
  type ChallengedMessage,
} from '../authentication/authenticated-request.ts';
import type { Progress } from '../authentication/opened-message.ts';
import type { ReceivedMessage } from '../authentication/received-message.ts';
import { refusedAsContext } from '../context-refusal.ts';
import { batchActionsOf, legActionOf, type TrustOperation } from '../names.ts';
import type { RstRequest } from '../rst/rst-request.ts';
import { writeEnvelope } from './answer-envelope.ts';
import { answerItem, authenticateBatch, isBatch } from './batch.ts';
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

const requireHonoured = (rst: RstRequest, address: string): void =>
  OPERATIONS[rst.operation].requireHonoured(rst, address);

/** Answers one message: the whole envelope.
 * @throws {ExchangeFailure} any reason
 * @throws {SecurityFailure} any code
 * @throws {XmlFailure} reasons of reading */
export async function answerRequest(
  received: ReceivedMessage,
  parts: OperationParts,
  progress: Progress,
): Promise<string> {
  if (isBatch(received)) return answerBatch(received, parts, progress);
  const request = await authenticateRequest(received, parts, {
    progress,
    requireHonoured,
  });
  if ('challenge' in request) return writeChallenged(request, parts);
  validateAdmission(parts.admits, request.requestor);
  const { trust } = request.rst;
  const response = await answerOperation(request, parts, progress);
  const { action, isCollection } = answerOf(received, request.rst);
  const body = isCollection ? writeCollection(trust, [response]) : response;
  return writeEnvelope(request, { body, action }, parts);
}

const answerOperation: Operation['answer'] = (request, parts, progress) =>
  refusedAsContext(request, () =>
    OPERATIONS[request.rst.operation].answer(request, parts, progress),
  );

// On record: a right password without its second factor may be a stolen one.
async function writeChallenged(request: ChallengedMessage, parts: OperationParts): Promise<string> {
  const { received, rst, challenge } = request;
  const detail = 'asked for the second factor';
  await recordRefusal(parts.audit, received, { reason: 'second-factor-required', detail });
  return writeEnvelope(request, { body: challenge, action: legActionOf(rst.trust) }, parts);
}

async function answerBatch(
  received: ReceivedMessage,
  parts: OperationParts,
  progress: Progress,
): Promise<string> {
  const batch = await authenticateBatch(received, parts, { progress, requireHonoured });
  validateAdmission(parts.admits, batch.requestor);
  const { operation, trust } = batch;
  const responses: Markup[] = [];
  // One after the other: a later one may be about what an earlier one did.
  for (const [index, item] of batch.items.entries())
    responses.push(
      await answerItem(item, {
        parts,
        received,
        // The first was counted with the message.
        admit: () => {
          if (index > 0) parts.admitRequestor(requestorName(batch.requestor));
        },
        answer: (rst, ofItem) => answerOperation({ ...batch, rst }, parts, ofItem),
        progress,
      }),
    );
  const { answer: action } = batchActionsOf(trust, operation);
  return writeEnvelope(batch, { body: writeCollection(trust, responses), action }, parts);
}
