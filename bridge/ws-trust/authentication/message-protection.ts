// Message security without TLS (WS-SecurityPolicy 1.2 §7.5, asymmetric binding; ws-trust §4): the message is encrypted to us and signed
// with the key of a certificate. Nothing less is taken: an address of this kind never falls back to what TLS would allow.

import type { X509Certificate } from 'node:crypto';
import { addressingHeaders } from '#bridge/soap/addressing.ts';
import type { Envelope } from '#bridge/soap/envelope.ts';
import type { OpenedEnvelope } from '#bridge/ws-security/encryption/message-encryption.ts';
import {
  bodyOverTls,
  bodyUnderSignature,
  type ProtectedBody,
} from '#bridge/ws-security/encryption/protected-body.ts';
import { refusedAsFailedCheck, SecurityFailure } from '#bridge/ws-security/security-failure.ts';
import { readSecurityHeader, type SecurityHeader } from '#bridge/ws-security/security-header.ts';
import {
  type MessageSignature,
  type SignerTrust,
  type TrustedSigner,
  verifySignature,
} from '#bridge/ws-security/signature/message-signature.ts';
import { kindOfToken } from '#bridge/ws-security/tokens/presented-token.ts';
import { createRecipient, type Recipient } from '#bridge/xml/encryption/encrypt.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { thumbprintKeyInfo } from '#bridge/xml/keys/key-info.ts';
import { WSSE_NS } from '#bridge/xml/namespaces.ts';
import { optionalChild } from '#bridge/xml/reader.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { AuthenticationParts } from './authentication.ts';
import type { OpenedMessage } from './opened-message.ts';
import type { MessageProtection, ReceivedMessage } from './received-message.ts';
import { trustSigners } from './signer-trust.ts';

/** The Body of a message: under the signature of the message where the address wants one, else over TLS.
 * @throws {SecurityFailure} `invalid-security`, `failed-check`
 * @throws {XmlFailure} `element-missing` */
export function bodyOf(received: ReceivedMessage): ProtectedBody {
  const { message, endpoint, isSecure, protection } = received;
  if (protection) return bodyUnderSignature(message.envelope, protection.signature.proof);
  if (endpoint.messageSecurity !== undefined) throw new Error('the protection was not verified');
  return bodyOverTls(message.envelope, isSecure);
}

/** A message whose protection was verified. */
export interface ProtectedMessage {
  readonly security: SecurityHeader;
  readonly protection: MessageProtection;
}

/** Verifies that a certificate protects a message, before anything of its Body is read.
 * @throws {SecurityFailure} `invalid-security`, `failed-check`; from whoever signed, `failed-authentication`,
 * `authentication-bad-elements`, `unsupported-security-token`
 * @throws {ExchangeFailure} `dependency-unavailable` */
export async function verifyProtection(
  message: OpenedMessage,
  parts: ProtectionParts,
): Promise<ProtectedMessage> {
  const { encryption, envelope } = message;
  if (!encryption?.algorithms) throw invalid('no part of the message is encrypted');
  const signers = knownSigners(envelope, parts);
  const { security, signature } = await refusedAsFailedCheck(async () => {
    const { header, only } = requireOneSignature(envelope);
    const evidence = header.tokens.filter((token) => kindOfToken(token) !== 'x509');
    // Before: a signature in clear could be made over what the Body is guessed to be.
    requireConfidential(encryption, { security: header, evidence, signature: only });
    const signature = await verifySignature(only, {
      envelope,
      security: header,
      legacySha1: false,
      maxCanonicalBytes: parts.maxCanonicalBytes,
      trust: signers.trust,
      findCertificate: parts.findCertificate,
    });
    return { security: header, signature };
  });
  signers.requireKnown();
  requireCovered(signature, { envelope, security, tokens: security.tokens });
  const recipient = recipientOf(signature.certificate, encryption.algorithms);
  return { security, protection: { signature, tokens: signature.tokens, recipient } };
}

type ProtectionParts = Pick<
  AuthenticationParts,
  'certificates' | 'findCertificate' | 'maxCanonicalBytes' | 'sts'
>;

interface CertifiedSigner extends TrustedSigner {
  readonly certificate: X509Certificate;
}

/** Trust in certificates, whose refusals wait until the signature has verified (`requireKnown`). Anybody can put a certificate into a
 * captured message: a refusal before that would tell what the message refers to. */
function knownSigners(
  { document }: Envelope,
  { certificates, sts }: ProtectionParts,
): { readonly trust: SignerTrust<CertifiedSigner>; requireKnown(): void } {
  const refusals: Error[] = [];
  const trust = trustSigners({
    document,
    sts,
    // Whom an assertion of the header is about is told by the Body, which nobody has read yet.
    tokens: [],
    mayProvePossession: false,
    mayProveSecret: false,
    takesContexts: false,
    certificates,
  });
  return {
    async trust(signer) {
      if (signer.kind !== 'certificate')
        throw new SecurityFailure('unsupported-security-token', 'signed with no certificate');
      const [certificate] = signer.chain;
      try {
        return { ...(await trust(signer)), certificate };
      } catch (cause) {
        if (!(cause instanceof SecurityFailure || cause instanceof ExchangeFailure)) throw cause;
        refusals.push(cause);
        return { ...certificates.keyOf(certificate), certificate, tokens: [] };
      }
    },
    requireKnown() {
      const [refusal] = refusals;
      if (refusal) throw refusal;
    },
  };
}

/** The one signature of a message, and the header around it.
 * @throws {SecurityFailure} `invalid-security`, those of reading the header */
export function requireOneSignature(envelope: Envelope): {
  readonly header: SecurityHeader;
  readonly only: XmlElement;
} {
  const header = readSecurityHeader(envelope);
  const [only, second] = header?.signatures ?? [];
  if (!header || only === undefined || second !== undefined) throw invalid('not one signature');
  return { header, only };
}

/** What must come encrypted, besides the Body and a user name. */
interface ConfidentialParts {
  readonly security: SecurityHeader;
  readonly evidence: readonly XmlElement[];
  readonly signature: XmlElement;
}

/** Refuses a message in which less is encrypted: in clear, the digests of a signature let everybody try out what the Body, or a
 * password, may be.
 * @throws {SecurityFailure} `invalid-security` */
export function requireConfidential(
  { confidential, envelope }: OpenedEnvelope,
  { evidence, security: { element: header }, signature }: ConfidentialParts,
): void {
  const userName = userNameIn(header);
  if (!confidential.has(envelope.body)) throw invalid('the Body is not encrypted');
  if (!confidential.has(signature)) throw invalid('the signature is not encrypted');
  if (userName && !confidential.has(userName)) throw invalid('the user name is not encrypted');
  if (!evidence.every((token) => confidential.has(token))) throw invalid('a token in clear');
}

const userNameIn = (header: XmlElement): XmlElement | undefined =>
  optionalChild(header, WSSE_NS, 'UsernameToken');

/** What must be signed, besides Timestamp, Body, addressing and a user name. */
interface CoveredParts {
  readonly envelope: Envelope;
  readonly security: SecurityHeader;
  readonly tokens: readonly XmlElement[];
}

/** Refuses a signature that covers less: without TLS whatever is not covered was written by anybody (xml-security V10).
 * @throws {SecurityFailure} `authentication-bad-elements`, `unsupported-security-token` */
export function requireCovered(
  { coversBody, coversTimestamp, proof: { covered } }: MessageSignature,
  { envelope, security: { element: header }, tokens }: CoveredParts,
): void {
  if (!coversTimestamp) throw unsigned('the Timestamp is not signed');
  if (!coversBody) throw unsigned('the Body is not signed');
  const userName = userNameIn(header);
  const others = [...addressingHeaders(envelope), ...tokens, ...(userName ? [userName] : [])];
  const bare = others.find((each) => !covered.has(each));
  if (bare) throw unsigned(`${bare.local} is not signed`);
  // An assertion in the header is encrypted by itself: whoever captures the message could cut it out together with the EncryptedKey and
  // present it at an address where assertions are taken.
  if (tokens.some((token) => kindOfToken(token)?.startsWith('saml')))
    throw new SecurityFailure('unsupported-security-token', 'an assertion outside of the Body');
}

// Before anything is issued: an answer that cannot be encrypted must not be made.
function recipientOf(
  certificate: X509Certificate,
  algorithms: NonNullable<OpenedEnvelope['algorithms']>,
): Recipient {
  try {
    return createRecipient({
      publicKey: certificate.publicKey,
      ...algorithms,
      keyInfo: thumbprintKeyInfo(certificate),
    });
  } catch (cause) {
    if (!(cause instanceof XmlFailure)) throw cause;
    const detail = 'nothing can be encrypted to the signer';
    throw new SecurityFailure('unsupported-security-token', detail, { cause });
  }
}

const invalid = (detail: string): SecurityFailure =>
  new SecurityFailure('invalid-security', detail);
const unsigned = (detail: string): SecurityFailure =>
  new SecurityFailure('authentication-bad-elements', detail);
