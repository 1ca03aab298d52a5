// The operation Issue (WS-Trust 1.3 §4): the request of core, and its token in an answer.

import type { Markup } from '#bridge/xml/canonical/markup.ts';
import { exchange } from '#core/exchange.ts';
import type { IssuedToken } from '#core/token/token-spec.ts';
import { type TokenAnswer, writeTokenAnswer } from '../answer/rstr.ts';
import { onRecord } from '../audit.ts';
import type { AuthenticatedRequest } from '../authentication/authenticated-request.ts';
import type { Progress } from '../authentication/opened-message.ts';
import { mapRequest, partiesOf, withMeantTarget } from '../exchange-mapping.ts';
import { withMeantKeyType } from '../keys/meant-key-type.ts';
import { decideProofKey } from '../keys/proof-key.ts';
import { vouchedKey } from '../keys/vouched-key.ts';
import { openEntropy } from '../rst/entropy.ts';
import { requireIssueHonoured } from '../rst/honoured.ts';
import type { RstRequest } from '../rst/rst-request.ts';
import type { Operation, OperationParts } from './operation.ts';

export const ISSUE: Operation = {
  requireHonoured: requireIssueHonoured,
  answer: async (request, parts, progress): Promise<Markup> =>
    writeTokenAnswer(await exchangeFor(request, parts, progress)),
};

/** A new token as it is asked for, and what is told of it.
 * @throws {ExchangeFailure} any reason */
export async function exchangeFor(
  { rst: asked, requestor, received, now, signatures }: AuthenticatedRequest,
  parts: OperationParts,
  progress: Progress,
): Promise<TokenAnswer> {
  const { profile, correlationId, sourceAddress } = received;
  const { relyingParties, timestampRules } = parts;
  const { skewSeconds } = timestampRules;
  const named = withMeantTarget(asked, received.address, relyingParties);
  const parties = partiesOf(named, relyingParties, profile);
  const rst = withMeantKeyType(named, parties, profile);
  const vouched = await vouchedKey(rst, parties, parts.sts);
  const entropy = await openEntropy(rst.entropy, parts.unwrappers);
  const proved = { requestor, signatures, vouched };
  const { confirmation, isUnproved, secret } = decideProofKey({ ...rst, entropy }, proved);
  const context = {
    requestor,
    confirmation,
    isKeyUnproved: isUnproved,
    profile,
    parties,
    now,
    skewSeconds,
    correlationId,
    sourceAddress,
  };
  const request = mapRequest(rst, context);
  const token = await onRecord(progress, () => exchange(request, parts.sts));
  return {
    rst,
    token,
    endpoint: received.endpoint,
    profile,
    secret,
    assertionId: parts.assertionIdOf(token.spec),
    appliesTo: profile.tellsAppliesTo ? unaskedTarget(asked, token, parts) : undefined,
  };
}

// WS-Trust 1.3 §4.4: AppliesTo is told where the scope is not the one that was asked for.
function unaskedTarget(
  { appliesTo, participants }: RstRequest,
  { spec }: IssuedToken,
  { relyingParties }: OperationParts,
): string | undefined {
  if (appliesTo !== undefined || participants.length > 0) return undefined;
  return relyingParties.find(({ id }) => id === spec.relyingParties[0])?.appliesTo[0];
}
