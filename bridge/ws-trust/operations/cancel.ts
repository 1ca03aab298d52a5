// The operation Cancel (WS-Trust 1.3 §6): the token dies, and with it all that was made from it, on either front.

import type { Markup } from '#bridge/xml/canonical/markup.ts';
import { revoke, revokeNamed } from '#core/revoke.ts';
import { writeCancelled } from '../answer/response.ts';
import type { AuthenticatedRequest } from '../authentication/authenticated-request.ts';
import { targetTypeOf } from '../exchange-mapping.ts';
import { withHeldSecrets } from '../keys/proof-key.ts';
import { requireOnly, targetOf } from '../rst/honoured.ts';
import type { RstRequest } from '../rst/rst-request.ts';
import type { Operation, OperationParts } from './operation.ts';

export const CANCEL: Operation = {
  requireHonoured: (rst: RstRequest) => requireOnly(rst, 'CancelTarget', []),
  answer: cancel,
};

async function cancel(
  {
    rst,
    requestor,
    signatures,
    received: { correlationId, profile, sourceAddress },
  }: AuthenticatedRequest,
  parts: OperationParts,
): Promise<Markup> {
  const request = { correlationId, sourceAddress, requestor, namedType: targetTypeOf(rst) };
  if (rst.cancelName !== undefined) {
    await revokeNamed({ ...request, token: parts.tokenOfAssertion(rst.cancelName) }, parts);
    return writeCancelled(rst, profile);
  }
  // WS-SecureConversation 1.3 §6: whose secret is shown may cancel, whoever else asks with it.
  const held = withHeldSecrets(rst, { requestor, signatures }, requestor.confirmation);
  const holder = { ...requestor, ...held };
  const token = targetOf(rst.cancelTarget);
  await revoke({ ...request, requestor: holder, token }, parts.sts, parts);
  return writeCancelled(rst, profile);
}
