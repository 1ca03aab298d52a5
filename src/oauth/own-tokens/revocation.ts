// Revocation (RFC 7009) of all that we issue.
import type { KoaContextWithOIDC } from 'oidc-provider';
import { ExchangeFailure } from '#core/failure.ts';
import { isInactive, type PresentedText } from '#core/inspect.ts';
import type { Ledger } from '#core/ledger/ledger.ts';
import type { AuditLog } from '#core/ports.ts';
import { revokeRefreshToken } from '#core/refresh/refresh-lifecycle.ts';
import { revoke } from '#core/revoke.ts';
import type { TokenType } from '#core/token/token-type.ts';
import { markRefusal } from '../request-state.ts';
import type { IntrospectionParts } from './introspection.ts';
import { looksLikeRefreshToken } from './refresh-token-codec.ts';

export interface RevocationParts extends IntrospectionParts {
  readonly ledger: Ledger;
  readonly audit: AuditLog;
}

// All that we issue may be revoked, or a client would hold a 200 for a token that lives on. A token is of one of these types at
// most, and revoking is nothing where it is not.
const typesOf = (text: string): readonly TokenType[] =>
  text.includes('.') ? ['jwt', 'id_token'] : ['saml2', 'saml1'];

/** An assertion that was encrypted for its target, in the wrapper of SAML 2.0 or bare. */
const isEncryptedAssertion = (token: string): boolean => {
  const text = Buffer.from(token, 'base64url').toString('latin1');
  return /^\s*(?:<\?[^>]*>\s*)?<(?:[\w.-]+:)?Encrypted(?:Assertion|Data)[\s/>]/.test(text);
};

// Which one it is we cannot read, so a 200 would be a lie: it lives on.
function refuseEncrypted(ctx: KoaContextWithOIDC): void {
  ctx.status = 400;
  ctx.body = {
    error: 'unsupported_token_type',
    error_description: 'an encrypted assertion cannot be read here',
  };
  const detail = 'an encrypted assertion cannot be revoked by its text';
  markRefusal(ctx, new ExchangeFailure('token-type-unsupported', detail));
}

// RFC 7009 §2.2: a token that is none, or none of ours, needs nothing.
async function revokeQuietly(
  request: Parameters<typeof revoke>[0],
  parts: RevocationParts,
): Promise<void> {
  try {
    await revoke(request, parts.sts, parts);
  } catch (cause) {
    if (!isInactive(cause)) throw cause;
  }
}

async function revokeText(presented: PresentedText, parts: RevocationParts): Promise<void> {
  const { families } = parts;
  const { text, ...asked } = presented;
  if (looksLikeRefreshToken(text)) {
    if (families) await revokeRefreshToken(presented, { ...parts, families });
    return;
  }
  for (const type of typesOf(text))
    await revokeQuietly({ ...asked, token: { type, use: 'subject', content: text } }, parts);
}

/** Revokes a token and answers.
 * @throws {ExchangeFailure} `requestor-not-allowed`, `dependency-unavailable` */
export async function answerRevocation(
  ctx: KoaContextWithOIDC,
  presented: PresentedText,
  parts: RevocationParts,
): Promise<void> {
  if (isEncryptedAssertion(presented.text)) return refuseEncrypted(ctx);
  await revokeText(presented, parts);
  ctx.status = 200;
  ctx.body = '';
  // The library had written JSON: a client that goes by the type would parse what is not there.
  ctx.remove('content-type');
}
