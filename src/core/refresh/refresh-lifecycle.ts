// Refresh tokens at introspection and revocation: only their own client is told of them, and can revoke them.

import { ExchangeFailure } from '../failure.ts';
import { isInactive, type PresentedText } from '../inspect.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { AuditLog } from '../ports.ts';
import { isRefreshable } from '../refresh.ts';
import type { ExchangeRequest } from '../request/exchange-request.ts';
import { requestorName } from '../request/requestor.ts';
import { revokeOnRecord } from '../revoke.ts';
import type { TokenService } from '../token-service.ts';
import type { RefreshFamilies, RefreshFamily } from './refresh-family.ts';

interface RefreshTokenParts {
  readonly families: RefreshFamilies;
  readonly ledger: Ledger;
  readonly audit: AuditLog;
}

// Of another client a token is known before it is known whether it is revoked.
async function familyOf(
  { requestor, text }: PresentedText,
  families: RefreshFamilies,
): Promise<RefreshFamily | undefined> {
  try {
    return await families.find(text, requestorName(requestor));
  } catch (cause) {
    if (!isInactive(cause)) throw cause;
    if (cause.reason !== 'token-audience-mismatch') return undefined;
    throw new ExchangeFailure('requestor-not-allowed', cause.message, { cause });
  }
}

/** The use of the token that the question is about: by its client, for all that it was granted for. */
function useOf({ sourceAddress, text, ...asked }: PresentedText): ExchangeRequest {
  return {
    ...asked,
    ...(sourceAddress !== undefined && { sourceAddress }),
    operation: 'introspection',
    subject: { type: 'refresh_token', use: 'subject', content: text },
    targets: [],
  };
}

const isUseless = (cause: unknown): boolean =>
  isInactive(cause) ||
  (cause instanceof ExchangeFailure && cause.reason === 'renewal-not-possible');

/** What a refresh token was granted for, while it could be used, for its client; undefined for everything else: one that policy would
 * refuse is not active (RFC 7662 §2.2). A server that is shown one in place of an access token learns nothing from it.
 * @throws {ExchangeFailure} `dependency-unavailable` */
export async function inspectRefreshToken(
  presented: PresentedText,
  { families, sts }: Pick<RefreshTokenParts, 'families'> & { readonly sts: TokenService },
): Promise<RefreshFamily | undefined> {
  const request = useOf(presented);
  try {
    const family = await sts.findFamily(request);
    if (!(await families.isActive(family))) return undefined;
    return isRefreshable(request, family, sts) ? family : undefined;
  } catch (cause) {
    if (isUseless(cause)) return undefined;
    throw cause;
  }
}

/** Revokes the family of a refresh token, used ones included, and with it all that was made by it (RFC 7009 §2.1). What is none
 * needs nothing.
 * @throws {ExchangeFailure} `requestor-not-allowed` for that of another client, `dependency-unavailable` */
export async function revokeRefreshToken(
  request: PresentedText,
  parts: RefreshTokenParts,
): Promise<void> {
  const family = await familyOf(request, parts.families);
  if (!family) return;
  const ref = { issuer: family.subject.issuer, id: family.family };
  await revokeOnRecord(request, { ref, until: family.notOnOrAfter }, parts);
}
