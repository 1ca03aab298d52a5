// The signatures of a message: whether each covers what it must, and whose they are (ws-trust §4).

import { SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import type { SecurityHeader } from '#bridge/ws-security/security-header.ts';
import type { CertificateFinder } from '#bridge/ws-security/signature/certificate-name.ts';
import {
  type MessageSignature,
  verifySignature,
} from '#bridge/ws-security/signature/message-signature.ts';
import type { CertificateMemory } from '#bridge/ws-security/tokens/certificate-memory.ts';
import { SELF } from '#core/token/security-token.ts';
import type { TokenType } from '#core/token/token-type.ts';
import type { CredentialKind, Endpoint } from '../endpoint/endpoint-profile.ts';
import type { Credential, CredentialService } from './credential.ts';
import type { TimedMessage } from './received-message.ts';
import type { SecretFinder } from './secret-holder.ts';
import { trustSigners } from './signer-trust.ts';

/** What the signatures of a message are verified with. */
export interface SignatureParts {
  readonly sts: CredentialService;
  /** What the signature of a message may have us digest. */
  readonly maxCanonicalBytes: number;
  readonly findCertificate?: CertificateFinder | undefined;
  readonly findSecret?: SecretFinder | undefined;
  readonly certificates: CertificateMemory;
}

/** The credential's, and one that shows possession of another key. */
const MAX_SIGNATURES = 2;

/** The signatures that show who asks. That of a message without TLS was verified before its Body was read, and more strictly; made with
 * the secret of that message alone it shows nobody's key.
 * @throws {SecurityFailure} any code */
export async function signaturesOf(
  message: TimedMessage,
  parts: SignatureParts,
): Promise<readonly MessageSignature[]> {
  const { security } = message;
  const { protection } = message.received;
  if (protection) return protection.secret ? [] : [protection.signature];
  return security ? verifySignatures(message, security, parts) : [];
}

async function verifySignatures(
  message: TimedMessage,
  security: SecurityHeader,
  parts: SignatureParts,
): Promise<readonly MessageSignature[]> {
  const { namesKey, namesSecret, now, received, requestDocument, usedTokens } = message;
  const { endpoint } = received;
  const { envelope } = received.message;
  if (security.signatures.length > MAX_SIGNATURES)
    throw new SecurityFailure('invalid-security', 'more signatures than expected');
  const signed = {
    envelope,
    security,
    legacySha1: endpoint.legacySha1Until !== undefined && now < endpoint.legacySha1Until,
    maxCanonicalBytes: parts.maxCanonicalBytes,
    trust: trustSigners({
      document: envelope.document,
      requestDocument,
      sts: parts.sts,
      tokens: security.tokens.filter((token) => !usedTokens.has(token)),
      mayProvePossession: namesKey,
      mayProveSecret: namesSecret,
      takesContexts: endpoint.credentials.includes('security-context'),
      takesOwnSharedSecrets: endpoint.takesOwnBearerTokens,
      findSecret: parts.findSecret,
      certificates: parts.certificates,
    }),
    findCertificate: parts.findCertificate,
    certificates: parts.certificates,
    // KeyInfo may name the token that the request is about, which its Body holds.
    otherTokens: [...usedTokens],
  };
  const verified: MessageSignature[] = [];
  for (const element of security.signatures) {
    const signature = await verifySignature(element, signed);
    requireCoverage(signature, message);
    verified.push(signature);
  }
  return verified;
}

// ws-trust §4. Without a signed Timestamp a message could be sent again for ever.
function requireCoverage(
  { coversBody, coversTimestamp, identity }: MessageSignature,
  { needsSignedBody, received: { endpoint } }: TimedMessage,
): void {
  if (!coversTimestamp)
    throw new SecurityFailure('authentication-bad-elements', 'the Timestamp is not signed');
  const isNeeded = needsSignedBody || endpoint.signedParts !== 'timestamp';
  if (!coversBody && (isNeeded || isShownToOthers(identity, endpoint)))
    throw new SecurityFailure('authentication-bad-elements', 'the Body is not signed');
}

// Our assertions are shown to relying parties. One that gets a message which is signed with the key of such an assertion, over the Timestamp
// alone, could forward its header to us with a Body of its own.
const isShownToOthers = (
  identity: MessageSignature['identity'],
  { takesOwnBearerTokens }: Endpoint,
): boolean =>
  identity?.trustedIssuer === SELF &&
  KINDS[identity.type] === undefined &&
  takesOwnBearerTokens !== true;

const KINDS: Partial<Record<TokenType, CredentialKind>> = {
  x509: 'certificate',
  sct: 'security-context',
};

/** What a signature shows of who asks: none, where it is there for another key. */
export function credentialOf({ identity, confirmation }: MessageSignature): Credential[] {
  if (identity === undefined) return [];
  return [{ kind: KINDS[identity.type] ?? 'issued-token', identity, confirmation }];
}
