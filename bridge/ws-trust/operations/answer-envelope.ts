// The envelope of an answer: with a Timestamp where the request had one, and protected as its request was.

import { answerAddressing, soapName, writeAnswer } from '#bridge/soap/answer.ts';
import {
  type AnswerKeys,
  keysOfCertificates,
  keysOfSecret,
} from '#bridge/ws-security/encryption/answer-keys.ts';
import {
  BODY_ID,
  protectAnswer,
  TIMESTAMP_ID,
} from '#bridge/ws-security/encryption/answer-protection.ts';
import { writeTimestamp, writeTimestampHeader } from '#bridge/ws-security/timestamp.ts';
import { type AttributePair, element, type Markup } from '#bridge/xml/canonical/markup.ts';
import { WSU_ID } from '#bridge/xml/namespaces.ts';
import type { AuthenticatedRequest } from '../authentication/authenticated-request.ts';
import type { MessageProtection } from '../authentication/received-message.ts';
import type { OperationParts } from './operation.ts';

/** What is answered. */
interface AnswerBody {
  readonly body: Markup;
  readonly action: string;
}

/** Writes the envelope of an answer.
 * @throws {ExchangeFailure} `dependency-unavailable` when it must be signed and the key cannot sign */
export async function writeEnvelope(
  { received, security }: Pick<AuthenticatedRequest, 'received' | 'security'>,
  answer: AnswerBody,
  parts: OperationParts,
): Promise<string> {
  const { message, profile, protection } = received;
  const framing = { version: message.envelope.version, addressing: message.addressing };
  if (protection) return writeProtected(framing, answer, { protection, parts });
  const hasTimestamp = profile.includesTimestamp && security?.timestamp !== undefined;
  const headers = hasTimestamp ? [writeTimestampHeader(parts.clock.now())] : [];
  return writeAnswer(framing, { ...answer, headers });
}

interface Protecting {
  readonly protection: MessageProtection;
  readonly parts: OperationParts;
}

async function writeProtected(
  framing: Parameters<typeof writeAnswer>[0],
  { action, body: payload }: AnswerBody,
  { protection, parts }: Protecting,
): Promise<string> {
  const idOf = (index: number): string => `addressing-${String(index)}`;
  const addressing = answerAddressing(framing, action, (index) => [[WSU_ID, idOf(index)]]);
  const bodyAttributes: readonly AttributePair[] = [[WSU_ID, BODY_ID]];
  const { security, content } = await protectAnswer(
    {
      timestamp: writeTimestamp(parts.clock.now(), TIMESTAMP_ID),
      addressing: addressing.map((part, index) => ({ id: idOf(index), element: part })),
      body: element(soapName(framing.version, 'Body'), bodyAttributes, [payload]),
      payload,
    },
    answerKeysOf({ protection, parts }),
    protection.signature.proof.signatureValue,
  );
  return writeAnswer(framing, {
    action,
    addressing,
    headers: [security],
    body: content,
    bodyAttributes,
  });
}

function answerKeysOf({
  protection: { recipient, secret },
  parts: { clock, signAnswer },
}: Protecting): AnswerKeys {
  if (secret) return keysOfSecret(secret);
  if (!recipient || !signAnswer) throw new Error('no key to sign answers with');
  return keysOfCertificates(signAnswer(clock.now()), recipient);
}
