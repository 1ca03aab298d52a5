// The operation Renew (WS-Trust 1.3 §5): the same token for longer, to whom it was issued and who proves its key.

import { Buffer } from 'node:buffer';
import type { Markup } from '#bridge/xml/canonical/markup.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { secretOf } from '#core/ledger/kept-token.ts';
import { renewToken } from '#core/renew.ts';
import type { ExchangeRequest } from '#core/request/exchange-request.ts';
import { isSameAddress } from '../agreement.ts';
import { writeTokenAnswer } from '../answer/rstr.ts';
import { onRecord } from '../audit.ts';
import type { AuthenticatedRequest } from '../authentication/authenticated-request.ts';
import type { Progress } from '../authentication/opened-message.ts';
import { targetTypeOf } from '../exchange-mapping.ts';
import { heldKeys } from '../keys/proof-key.ts';
import { type MadeSecret, makeSecret } from '../keys/symmetric-key.ts';
import { openEntropy } from '../rst/entropy.ts';
import { requireOnly, targetOf } from '../rst/honoured.ts';
import { lifetimeSecondsOf } from '../rst/requested-lifetime.ts';
import { type RstRequest, targetsContext } from '../rst/rst-request.ts';
import type { Operation, OperationParts } from './operation.ts';

export const RENEW: Operation = { requireHonoured, answer: renew };

const HEARD = [
  'AppliesTo',
  'Lifetime',
  'AllowPostdating',
  'Renewing',
  'KeyType',
  'KeySize',
  'UseKey',
  'SecondaryParameters',
] as const;

// WS-SecureConversation 1.3 §2, §5: a renewed context may have another key than before, and WCF asks for one each time.
const HEARD_OF_CONTEXT = [...HEARD, 'Entropy'] as const;

function requireHonoured(rst: RstRequest): void {
  requireOnly(rst, 'RenewTarget', targetsContext(rst) ? HEARD_OF_CONTEXT : HEARD);
  const { entropy, keyType = 'symmetric-key' } = rst;
  if (entropy && keyType !== 'symmetric-key')
    throw new ExchangeFailure('request-malformed', 'contradictory: Entropy for no secret');
  // The flags were settled with the token: a renewal does not set those of the next (ws-trust §11, CXF 12).
  if (rst.renewing?.isAllowed === false)
    throw new ExchangeFailure('operation-unsupported', 'not done here: other terms in Renew');
}

async function renew(
  request: AuthenticatedRequest,
  parts: OperationParts,
  progress: Progress,
): Promise<Markup> {
  const { rst, received } = request;
  const entropy = await openEntropy(rst.entropy, parts.unwrappers);
  const renewedKey = entropy && makeSecret({ ...rst, entropy });
  const renewal = mapRenewal(request, parts, renewedKey);
  const token = await onRecord(progress, () => renewToken(renewal, parts.sts));
  const kept = secretOf(token.spec);
  return writeTokenAnswer({
    rst,
    token,
    secret:
      renewedKey?.secret ??
      (kept && { kind: 'issued', secret: Buffer.from(kept.secret.base64, 'base64') }),
    endpoint: received.endpoint,
    profile: received.profile,
    assertionId: parts.assertionIdOf(token.spec),
    appliesTo: undefined,
  });
}

function mapRenewal(
  request: AuthenticatedRequest,
  parts: OperationParts,
  renewedKey: MadeSecret | undefined,
): ExchangeRequest {
  const { rst, received, now, requestor, signatures } = request;
  const { correlationId, profile, sourceAddress } = received;
  const { skewSeconds } = parts.timestampRules;
  const requestedType = targetTypeOf(rst);
  const lifetimeSeconds = lifetimeSecondsOf(rst.lifetime, now, skewSeconds);
  return {
    operation: 'renew',
    correlationId,
    requestor: { ...requestor, ...heldKeys(rst, { requestor, signatures }) },
    subject: { ...targetOf(rst.renewTarget), use: 'lifecycle' },
    targets: targetsOf(request),
    ...(requestedType && { requestedType }),
    ...(renewedKey ? { confirmation: renewedKey.confirmation } : keyOf(rst)),
    ...(sourceAddress !== undefined && { sourceAddress }),
    ...(lifetimeSeconds !== undefined && { lifetimeSeconds }),
    ...(rst.renewing?.isAllowedAfterExpiry && { renewal: { afterExpiry: true } }),
    tokenShape: profile.tokenShape ?? 'soap',
  };
}

// ws-trust §3.4: our own address as the target says nothing.
function targetsOf({ rst, received }: AuthenticatedRequest): ExchangeRequest['targets'] {
  const { appliesTo } = rst;
  if (appliesTo === undefined || isSameAddress(appliesTo, received.address)) return [];
  return [{ kind: 'applies-to', value: appliesTo }];
}

// Core holds the kind of key against that of the token, and the key itself against what was proved.
function keyOf({
  keySizeBits,
  keyType,
}: RstRequest): Pick<ExchangeRequest, 'confirmation' | 'keySizeBits'> {
  // Zero is what some clients write for no key: of one it is a size that none has.
  const isOfKey = keyType !== undefined && keyType !== 'bearer';
  const isSize = keySizeBits !== undefined && (keySizeBits !== 0 || isOfKey);
  return {
    ...(keyType !== undefined && { confirmation: { method: keyType } }),
    ...(isSize && { keySizeBits }),
  };
}
