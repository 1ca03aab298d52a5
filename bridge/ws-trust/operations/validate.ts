// The operation Validate (WS-Trust 1.3 §7): is the token still good, and, where another TokenType is asked for, a new token for
// it. A token that is not valid is an answer, not a fault.

import type { Markup } from '#bridge/xml/canonical/markup.ts';
import { inspect } from '#core/inspect.ts';
import {
  statusTokenType,
  trustElement,
  wantsToken,
  writeResponse,
  writeStatus,
} from '../answer/response.ts';
import { writeTokenAnswer } from '../answer/rstr.ts';
import { recordValidation } from '../audit.ts';
import type { AuthenticatedRequest } from '../authentication/authenticated-request.ts';
import type { Progress } from '../authentication/opened-message.ts';
import { requireIssueHonoured, requireOnly, targetOf } from '../rst/honoured.ts';
import type { RstRequest } from '../rst/rst-request.ts';
import { exchangeFor } from './issue.ts';
import type { Operation, OperationParts } from './operation.ts';

export const VALIDATE: Operation = { requireHonoured, answer: validate };

/** What a new token may be asked for with. */
const OF_NEW_TOKEN = [
  'AppliesTo',
  'Participants',
  'Claims',
  'Lifetime',
  'AllowPostdating',
  'KeyType',
  'KeySize',
  'Entropy',
  'UseKey',
  'SignWith',
  'EncryptWith',
  'SignatureAlgorithm',
  'CanonicalizationAlgorithm',
  'EncryptionAlgorithm',
  'KeyWrapAlgorithm',
  'ComputedKeyAlgorithm',
  'SecondaryParameters',
  'Issuer',
] as const;

function requireHonoured(rst: RstRequest, address: string): void {
  requireOnly(rst, 'ValidateTarget', wantsToken(rst) ? OF_NEW_TOKEN : []);
  const present = new Set([...rst.present].filter((name) => name !== 'ValidateTarget'));
  requireIssueHonoured({ ...rst, present }, address);
}

async function validate(
  request: AuthenticatedRequest,
  parts: OperationParts,
  progress: Progress,
): Promise<Markup> {
  const { rst, requestor, received } = request;
  const { correlationId } = received;
  const token = targetOf(rst.validateTarget);
  const found = await inspect({ correlationId, requestor, token }, parts.sts, {
    relyingParties: parts.relyingParties,
    takesForeign: true,
  });
  await recordValidation(found, { ...received, requestor }, parts.audit);
  const status = writeStatus(rst.trust, found !== undefined);
  if (found !== undefined && wantsToken(rst)) {
    const issued = await exchangeFor(request, parts, progress);
    return writeTokenAnswer({ ...issued, status });
  }
  // WS-Trust 1.3 §7: of an invalid token no other is made.
  return writeResponse(rst, [
    trustElement(rst.trust, 'TokenType', [statusTokenType(rst.trust)]),
    status,
  ]);
}
