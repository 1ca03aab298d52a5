// Is a token of ours still good, and what does it say? And: let it die. Both are open only to its own parties.

import { isPartyOf } from './evidence.ts';
import { ExchangeFailure, type FailureReason } from './failure.ts';
import type { Ledger } from './ledger.ts';
import type { AuditLog } from './ports.ts';
import type { RelyingParty } from './relying-party.ts';
import { type Requestor, requestorName } from './requestor.ts';
import { SELF, type SecurityToken, type ValidatedToken } from './security-token.ts';
import type { TokenService } from './token-service.ts';

interface InspectRequest {
  readonly correlationId: string;
  readonly requestor: Requestor;
  readonly token: SecurityToken;
}

interface InspectParts {
  readonly relyingParties: readonly RelyingParty[];
}

interface RevokeParts {
  readonly ledger: Ledger;
  readonly audit: AuditLog;
}

/** Reasons that make a token inactive. All others are about us or about the request, and stay refusals. */
const INACTIVE: ReadonlySet<FailureReason> = new Set([
  'token-type-unsupported',
  'token-malformed',
  'signature-invalid',
  'issuer-untrusted',
  'token-audience-mismatch',
  'token-revoked',
  'token-expired',
  'token-not-yet-valid',
] as const);

async function ownToken(
  request: InspectRequest,
  sts: TokenService,
): Promise<ValidatedToken | undefined> {
  try {
    const token = await sts.validate(request.token);
    return token.trustedIssuer === SELF ? token : undefined;
  } catch (cause) {
    if (cause instanceof ExchangeFailure && INACTIVE.has(cause.reason)) return undefined;
    throw cause;
  }
}

/** The facts of an active token of ours, for its client and its audience; undefined for everything else, without
 * a hint which: RFC 7662 §2.2 keeps the state of other parties' tokens from the caller.
 * @throws {ExchangeFailure} `dependency-unavailable`: unknown is never "active" */
export async function inspect(
  request: InspectRequest,
  sts: TokenService,
  { relyingParties }: InspectParts,
): Promise<ValidatedToken | undefined> {
  const token = await ownToken(request, sts);
  if (!token) return undefined;
  return isPartyOf(token, request.requestor, relyingParties) ? token : undefined;
}

/** Revokes a token of ours and with it all that was made from it. An unknown or dead token needs nothing (RFC 7009 §2.2).
 * @throws {ExchangeFailure} `requestor-not-allowed` when it was issued to another; `dependency-unavailable` */
export async function revoke(
  request: InspectRequest,
  sts: TokenService,
  parts: RevokeParts,
): Promise<void> {
  const token = await ownToken(request, sts);
  if (!token || token.id === undefined) return;
  const { id, kind, method } = request.requestor;
  if (token.originClient !== requestorName(request.requestor)) {
    throw new ExchangeFailure('requestor-not-allowed', 'the token was issued to another client');
  }
  const ref = { issuer: token.issuer, id: token.id };
  const record = {
    event: 'token.revoke',
    correlationId: request.correlationId,
    requestor: { id, kind, method },
    token: ref,
  } as const;
  // The intent first: once revoked, a repeated request finds a dead token and leaves no record of who killed it.
  await parts.audit.append({ ...record, outcome: 'allowed' });
  await parts.ledger.revoke(ref, token.lifetime.notOnOrAfter);
  await parts.audit.append({ ...record, outcome: 'done' });
}
