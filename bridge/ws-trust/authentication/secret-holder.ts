// Who signs with the secret that a token is bound to (WS-Trust 1.3 §4.4, WS-SecureConversation 1.3 §2): the holder of a security context,
// of an assertion, or of the token that the request renews or cancels.

import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';
import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import type { TrustedSigner } from '#bridge/ws-security/signature/message-signature.ts';
import type { CertificateMemory } from '#bridge/ws-security/tokens/certificate-memory.ts';
import { trustSecretKey } from '#bridge/xml/keys/trusted-key.ts';
import type { XmlDocument, XmlElement } from '#bridge/xml/tree.ts';
import { withKnownSecret } from '#core/ledger/known-secret.ts';
import { SELF, type SecurityToken, type ValidatedToken } from '#core/token/security-token.ts';
import {
  type CredentialService,
  refusedAsFailedAuthentication,
  validateCredential,
} from './credential.ts';

/** What the decision is made with. */
export interface SecretHolderParts {
  readonly document: XmlDocument;
  readonly sts: CredentialService;
  /** Whether the secret may be that of a token which the request renews or cancels, and which is no credential. */
  readonly mayProveSecret: boolean;
  /** Whether contexts are credentials. */
  readonly takesContexts: boolean;
  /** Whether tokens of ours are credentials whose secret their relying party has too. */
  readonly takesOwnSharedSecrets?: boolean | undefined;
  readonly findSecret?: SecretFinder | undefined;
  readonly certificates: CertificateMemory;
}

/** A token that is bound to a secret, and was found good. */
interface HeldToken {
  readonly identity: ValidatedToken;
  readonly document: XmlDocument;
  readonly element: XmlElement;
}

/** The secret that a token is bound to; undefined where we cannot know it. */
export type SecretFinder = (held: HeldToken) => Promise<Uint8Array | undefined>;

/** Reasons for which a token is over. */
export const ENDED: ReadonlySet<string> = new Set(['token-expired', 'renewal-needed']);
/** Reasons for which a token is no credential here, and may still be the one that the request is about. */
const NO_CREDENTIAL: ReadonlySet<string> = new Set([...ENDED, 'token-audience-mismatch']);

/** The holder of a context or an assertion. Where it is no credential, or is over, its secret shows only the right to renew or cancel it,
 * beside another credential.
 * @throws {SecurityFailure} `failed-authentication`
 * @throws {ExchangeFailure} `dependency-unavailable` */
export async function holderOfToken(
  evidence: SecurityToken,
  element: XmlElement | undefined,
  parts: SecretHolderParts,
): Promise<TrustedSigner> {
  const { mayProveSecret, takesContexts } = parts;
  if (evidence.type === 'sct' && !takesContexts) return holderOfTarget(evidence, element, parts);
  try {
    const identity = await validateCredential(evidence, parts.sts, parts.certificates);
    return await holderOfCredential(identity, element, parts);
  } catch (cause) {
    if (!(cause instanceof SecurityFailure)) throw cause;
    if (!ENDED.has(cause.reason) && !(mayProveSecret && NO_CREDENTIAL.has(cause.reason)))
      throw cause;
    const holder = await holderOfTarget(evidence, element, parts);
    return mayProveSecret ? holder : { ...holder, refusal: overdue(cause) };
  }
}

// WS-SecureConversation 1.3 §9. Only whoever has the secret is told that the context is over.
function overdue(cause: SecurityFailure): NonNullable<TrustedSigner['refusal']> {
  const { message, reason } = cause;
  return {
    proved: new SecurityFailure('context-renewal-needed', message, { cause, reason }),
    unproved: new SecurityFailure('bad-context-token', message, { cause, reason }),
  };
}

/** The holder of a token that the request renews or cancels. The secret shows that right and no identity.
 * @throws {SecurityFailure} `failed-authentication`
 * @throws {ExchangeFailure} `dependency-unavailable` */
export async function holderOfTarget(
  evidence: SecurityToken,
  element: XmlElement | undefined,
  parts: SecretHolderParts,
): Promise<TrustedSigner> {
  const target = await refusedAsFailedAuthentication(() => parts.sts.validate(asTarget(evidence)));
  if (target.confirmation.method !== 'symmetric-key')
    throw new SecurityFailure('failed-authentication', 'the token is bound to no secret');
  const { key, confirmation, tokens } = await holderOfSecret(target, element, parts);
  return { key, confirmation, tokens };
}

/** Evidence of the token that a request renews or cancels. */
export const asTarget = (evidence: SecurityToken): SecurityToken => ({
  ...evidence,
  use: 'lifecycle',
});

/** The holder of a token that was found good as a credential.
 * @throws {SecurityFailure} `failed-authentication` also for an assertion of ours: its relying party has the secret too and could sign
 * with it as whom the assertion is about. The secret of a context has its holder alone */
export async function holderOfCredential(
  identity: ValidatedToken,
  element: XmlElement | undefined,
  parts: SecretHolderParts,
): Promise<TrustedSigner> {
  const isShared = identity.trustedIssuer === SELF && identity.type !== 'sct';
  if (isShared && parts.takesOwnSharedSecrets !== true)
    throw new SecurityFailure('failed-authentication', 'the relying party has this secret too', {
      reason: 'token-audience-mismatch',
    });
  return holderOfSecret(identity, element, parts);
}

// WS-Trust 1.3 §4.4: the secret was made for the holder and the relying party. We know it where we have kept it or are that relying party.
async function holderOfSecret(
  identity: ValidatedToken,
  element: XmlElement | undefined,
  { document, findSecret, sts }: SecretHolderParts,
): Promise<TrustedSigner> {
  const kept = await sts.findSecret(identity);
  const secret = kept
    ? Buffer.from(kept.secret.base64, 'base64')
    : element && (await findSecret?.({ identity, document, element }));
  if (secret === undefined)
    throw new SecurityFailure('failed-authentication', 'the secret of the token is not known');
  const signer = signerWithSecret(secret, element);
  return { ...signer, identity: withKnownSecret(identity, signer.confirmation.thumbprint) };
}

/** Whoever has this secret, which came with the token or is kept for it. */
export function signerWithSecret(secret: Uint8Array, token: XmlElement | undefined) {
  const thumbprint = hash('sha256', secret, 'base64url');
  const confirmation = { method: 'symmetric-key', thumbprint } as const;
  return { key: trustSecretKey(secret), confirmation, tokens: token ? [token] : [] };
}
