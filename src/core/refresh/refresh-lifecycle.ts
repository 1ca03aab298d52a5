// Refresh tokens at introspection and revocation: they are told of and die for their own client alone.
import { isInactive, type PresentedText } from '../inspect.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { AuditLog } from '../ports.ts';
import { requestorName } from '../requestor.ts';
import { revokeOnRecord } from '../revoke.ts';
import type { RefreshFamilies, RefreshFamily } from './refresh-family.ts';

interface RefreshTokenParts {
  readonly families: RefreshFamilies;
  readonly ledger: Ledger;
  readonly audit: AuditLog;
}

async function familyOf(
  { requestor, text }: PresentedText,
  families: RefreshFamilies,
): Promise<RefreshFamily | undefined> {
  try {
    return await families.find(text, requestorName(requestor));
  } catch (cause) {
    if (isInactive(cause)) return undefined;
    throw cause;
  }
}

/** What a refresh token was granted for, while it is good, for its client; undefined for everything else. A server that
 * is shown one in place of an access token learns nothing from it.
 * @throws {ExchangeFailure} `dependency-unavailable` */
export async function inspectRefreshToken(
  request: PresentedText,
  { families }: Pick<RefreshTokenParts, 'families'>,
): Promise<RefreshFamily | undefined> {
  const family = await familyOf(request, families);
  return family && (await families.isActive(family)) ? family : undefined;
}

/** Revokes the family of a refresh token, used ones included, and with it all that was made by it (RFC 7009 §2.1). What is none,
 * or of another client, needs nothing.
 * @throws {ExchangeFailure} `dependency-unavailable` */
export async function revokeRefreshToken(
  request: PresentedText,
  parts: RefreshTokenParts,
): Promise<void> {
  const family = await familyOf(request, parts.families);
  if (!family) return;
  const ref = { issuer: family.subject.issuer, id: family.family };
  await revokeOnRecord(request, { ref, until: family.notOnOrAfter }, parts);
}
