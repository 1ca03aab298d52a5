// Lets a token die, and with it all that was made from it.

import { ExchangeFailure } from './failure.ts';
import type { InspectRequest } from './inspect.ts';
import type { Instant } from './instant.ts';
import { auditRequestor } from './ledger/audit-record.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { AuditLog } from './ports.ts';
import { isAudience, type RelyingParty } from './request/relying-party.ts';
import { hasProved, type Requestor, requestorName } from './request/requestor.ts';
import { SELF, type TokenRef, type ValidatedToken } from './token/security-token.ts';
import { formOf, type TokenType } from './token/token-type.ts';
import type { TokenService } from './token-service.ts';

interface RevokeRequest extends InspectRequest {
  /** What the token is said to be; absent: nothing is said. */
  readonly namedType?: TokenType | undefined;
}

interface RevokeParts {
  readonly relyingParties: readonly RelyingParty[];
  readonly ledger: Ledger;
  readonly audit: AuditLog;
}

/** Whom a token was issued to, whoever proves the key it is bound to, and whom its target names may revoke it. */
function mayRevoke(
  token: ValidatedToken,
  requestor: Requestor,
  relyingParties: readonly RelyingParty[],
): boolean {
  const { audiences, confirmation, originClient } = token;
  const name = requestorName(requestor);
  const isProved = confirmation.method !== 'bearer' && hasProved(requestor, confirmation);
  // WS-SecureConversation 1.3 §6: a context is cancelled with proof of its secret.
  const isIssuedTo = originClient === name && token.type !== 'sct';
  return (
    isIssuedTo ||
    isProved ||
    relyingParties.some(
      (party) => party.revokers?.includes(name) === true && isAudience(party, audiences),
    )
  );
}

/** Revokes a token of ours and with it all that was made from it. One that is revoked already needs nothing; one that is
 * over is revoked too: what was made from it may live on. Who has no right to it learns nothing of that.
 * @throws {ExchangeFailure} what `validate` throws of a token that was never good; `issuer-untrusted` when it is not ours,
 * `requestor-not-allowed` without a right to it, `token-type-unsupported` when it is of another type than is said,
 * `token-revoked` for a context, `dependency-unavailable` */
export async function revoke(
  request: RevokeRequest,
  sts: TokenService,
  parts: RevokeParts,
): Promise<void> {
  const { token, isRevoked } = await sts.validateRevocable(request.token);
  // Nobody can show any more that a context was theirs, and its name must not tell strangers that there was one.
  if (isRevoked && token.type === 'sct')
    throw new ExchangeFailure('token-revoked', 'the context is revoked');
  if (token.trustedIssuer !== SELF || token.id === undefined)
    throw new ExchangeFailure('issuer-untrusted', 'no token of ours to revoke');
  if (!mayRevoke(token, request.requestor, parts.relyingParties))
    throw new ExchangeFailure('requestor-not-allowed', 'no right to revoke this token');
  requireType(token.type, request);
  if (isRevoked) return;
  const ref = { issuer: token.issuer, id: token.id };
  await revokeOnRecord(request, { ref, until: token.lifetime.notOnOrAfter }, parts);
}

/** Revokes an assertion of ours that is named and not shown. Of a name nothing can be proved, so this is open to none but whom it was
 * issued to, and nobody else learns whether there is one of that name. What has a like id and is none is not what was named.
 * @throws {ExchangeFailure} `requestor-not-allowed`, `token-type-unsupported`, `dependency-unavailable` */
export async function revokeNamed(
  { token, ...request }: Omit<RevokeRequest, 'token'> & { readonly token: TokenRef | undefined },
  parts: Pick<RevokeParts, 'audit' | 'ledger'>,
): Promise<void> {
  const entry = token && (await parts.ledger.lookUp(token)).entry;
  const isNamed = entry?.type !== undefined && formOf(entry.type) === 'saml';
  if (!token || !isNamed || entry.clientId !== requestorName(request.requestor))
    throw new ExchangeFailure('requestor-not-allowed', 'no token of that name to revoke');
  requireType(entry.type, request);
  await revokeOnRecord(request, { ref: token, until: entry.notOnOrAfter }, parts);
}

// Not before it is validated: of an encrypted one nobody knew what it is.
function requireType(
  type: TokenType | undefined,
  { namedType = type }: Pick<RevokeRequest, 'namedType'>,
): void {
  if (namedType !== type)
    throw new ExchangeFailure('token-type-unsupported', 'the token is of another type');
}

/** Revokes what its holder may revoke.
 * @throws {ExchangeFailure} `dependency-unavailable` */
export async function revokeOnRecord(
  { correlationId, requestor, sourceAddress }: Omit<InspectRequest, 'token'>,
  { ref, until }: { readonly ref: TokenRef; readonly until: Instant },
  parts: Pick<RevokeParts, 'audit' | 'ledger'>,
): Promise<void> {
  const record = {
    event: 'token.revoke',
    correlationId,
    requestor: auditRequestor(requestor),
    token: ref,
    ...(sourceAddress !== undefined && { sourceAddress }),
  } as const;
  // The intent first: once revoked, a repeated request finds a dead token and leaves no record of who killed it.
  await parts.audit.append({ ...record, outcome: 'allowed' });
  await parts.ledger.revoke(ref, until);
  await parts.audit.append({ ...record, outcome: 'done' });
}
