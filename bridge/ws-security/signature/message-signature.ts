// A verified signature over parts of this message (WSS 1.1.1 §8, xml-security V5-V10): which key signed, whose it is, and what
// it covers. Everything that depends on a signature takes this type.

import type { Envelope } from '#bridge/soap/envelope.ts';
import { writeBase64 } from '#bridge/xml/base64.ts';
import { XmlFailure, type XmlFailureReason } from '#bridge/xml/failure.ts';
import { type TrustedKey, trustSecretKey } from '#bridge/xml/keys/trusted-key.ts';
import type { Proof } from '#bridge/xml/signature/proof.ts';
import type { ResolvedToken } from '#bridge/xml/signature/str-transform.ts';
import { verifyMessageSignature } from '#bridge/xml/signature/verify-message.ts';
import { attributeOf, type XmlElement } from '#bridge/xml/tree.ts';
import type { PublicKeyConfirmation, SymmetricKeyConfirmation } from '#core/token/confirmation.ts';
import type { ValidatedToken } from '#core/token/security-token.ts';
import { deriveKey } from '../encryption/derived-key.ts';
import { X509_V3 } from '../names.ts';
import { type FaultCodes, runSecurely, SecurityFailure } from '../security-failure.ts';
import type { SecurityHeader } from '../security-header.ts';
import { kindOfToken } from '../tokens/presented-token.ts';
import { resolveReference } from '../tokens/token-reference.ts';
import { readCertificateName } from './certificate-name.ts';
import {
  createSignerScope,
  type NamedSigner,
  type NamedSigningKey,
  readSigner,
  type SignerScope,
} from './named-signer.ts';
import { requireInPlace } from './signed-places.ts';

/** A key that may have signed, and whose it is. */
export interface TrustedSigner {
  readonly key: TrustedKey;
  /** The key in the words of core. */
  readonly confirmation: PublicKeyConfirmation | SymmetricKeyConfirmation;
  /** Whose key it is. Absent: nobody's that we know. The signature then shows possession of the key, and no identity. */
  readonly identity?: ValidatedToken;
  /** The tokens of the header that vouch for the key. */
  readonly tokens: readonly XmlElement[];
  readonly refusal?: TellableRefusal;
}

/** A refusal in words of its own. */
interface TellableRefusal {
  /** Why the key cannot be used, for a sender who proves it. Absent: it can. */
  readonly proved?: SecurityFailure;
  /** For everybody else: the refusal that a token which does not exist gets. */
  readonly unproved: SecurityFailure;
}

/** Decides whether the key of a signer may be used. It must throw when it may not. */
export type SignerTrust<Signer extends TrustedSigner = TrustedSigner> = (
  signer: NamedSigner,
) => Promise<Signer>;

declare const verified: unique symbol;

/** A signature that verified. Only this file makes one. */
export interface MessageSignature extends TrustedSigner {
  readonly element: XmlElement;
  /** Its `Id`: what UseKey names. */
  readonly id?: string;
  readonly proof: Proof;
  readonly coversTimestamp: boolean;
  /** Whether the Body, or its one child, is covered. */
  readonly coversBody: boolean;
  readonly [verified]: true;
}

/** A message whose signatures are to be verified. */
export interface SignedMessage<Signer extends TrustedSigner = TrustedSigner> {
  readonly envelope: Envelope;
  readonly security: SecurityHeader;
  /** The dated exception of the endpoint. */
  readonly legacySha1: boolean;
  readonly trust: SignerTrust<Signer>;
  /** Of all that is digested. A key that shows nobody signs, too: its references are work of whoever likes (B10). */
  readonly maxCanonicalBytes: number;
  readonly findCertificate?: SignerScope['findCertificate'];
  readonly certificates?: SignerScope['certificates'];
  /** Tokens outside the Security header that a signature may be made with a key of. */
  readonly otherTokens?: readonly XmlElement[];
}

/** Verifies one signature of the Security header; what is known of its signer goes with it.
 * @throws {SecurityFailure} `failed-authentication`, `failed-check`, `unsupported-algorithm`, `invalid-security`, `invalid-security-token`,
 * `security-token-unavailable`, `unsupported-security-token`, `authentication-bad-elements`, those of contexts, and whatever `trust`
 * throws */
export async function verifySignature<Signer extends TrustedSigner>(
  element: XmlElement,
  {
    envelope,
    security,
    otherTokens = [],
    legacySha1,
    maxCanonicalBytes,
    trust,
    ...finders
  }: SignedMessage<Signer>,
): Promise<MessageSignature & Signer> {
  const { document, body, payload } = envelope;
  const tokens = [...security.tokens, ...otherTokens];
  const scope = createSignerScope({ document, tokens, ...finders });
  let signer: Signer | undefined;
  const proof = await runSecurely(CODES, 'invalid-security', async () => {
    try {
      const verified = await verifyMessageSignature(document, element, {
        legacySha1,
        maxCanonicalBytes,
        resolveToken: (reference) => resolveForTransform(reference, scope),
        selectKey: async (keyInfo) => {
          const named = readSigner(keyInfo, scope);
          signer = derivedSigner(await trust(named), named);
          return signer.key;
        },
      });
      requireInPlace(verified.covered, { envelope, security, tokens });
      return verified;
    } catch (cause) {
      throw refusalOf(cause, signer);
    }
  });
  if (!signer) throw new Error('verified without a signer');
  if (signer.refusal?.proved) throw signer.refusal.proved;
  const { timestamp } = security;
  const id = attributeOf(element, 'Id');
  const facts: Omit<MessageSignature, keyof TrustedSigner | typeof verified> = {
    element,
    ...(id !== undefined && { id }),
    proof,
    coversTimestamp: timestamp !== undefined && proof.covered.has(timestamp.element),
    coversBody: proof.covered.has(body) || (payload !== undefined && proof.covered.has(payload)),
  };
  return { ...signer, ...facts } as MessageSignature & Signer;
}

/** Reasons for which a signature is refused before its value has verified. */
const OF_VALUE: ReadonlySet<XmlFailureReason> = new Set([
  'algorithm-refused',
  'canonical-too-large',
  'signature-invalid',
] as const);

// Whoever does not prove the key gets the answer of a signer who is refused, so that nobody learns by it which certificates, tokens and
// contexts of others are good here (xml-security E9).
function refusalOf(cause: unknown, signer: TrustedSigner | undefined): unknown {
  if (!signer) return cause;
  const { proved, unproved } = signer.refusal ?? {};
  const isOfValue = cause instanceof XmlFailure && OF_VALUE.has(cause.reason);
  if (isOfValue) return unproved ?? notProved(cause);
  return proved ? unproved : cause;
}

function notProved(cause: XmlFailure): SecurityFailure {
  const detail = `${cause.reason}: ${cause.message}`;
  return new SecurityFailure('failed-authentication', detail, {
    cause,
    reason: 'signature-invalid',
  });
}

// WS-SecureConversation 1.3 §7. Whoever has a key that was derived of a secret shows the secret, so its holder stays the signer.
function derivedSigner<Signer extends TrustedSigner>(
  signer: Signer,
  { derived }: NamedSigningKey,
): Signer {
  if (!derived) return signer;
  const { key, tokens } = signer;
  // Of a public key everybody could derive (B5).
  if (key.kind !== 'secret')
    throw new SecurityFailure('failed-authentication', 'a key derived of no secret');
  return {
    ...signer,
    key: trustSecretKey(deriveKey(key.key, derived.derivation)),
    tokens: [...tokens, derived.token],
  };
}

// WSS 1.1.1 §8.3: a certificate that is not in the message is digested as a BinarySecurityToken.
function resolveForTransform(reference: XmlElement, scope: SignerScope): ResolvedToken {
  const [certificate] = readCertificateName(reference, scope) ?? [];
  if (certificate) return { valueType: X509_V3, base64: writeBase64(certificate.raw) };
  const token = resolveReference(reference, scope);
  if (kindOfToken(token) === undefined)
    throw new SecurityFailure('security-token-unavailable', 'a reference to no token');
  return token;
}

const CODES: FaultCodes = {
  'algorithm-refused': 'unsupported-algorithm',
  'digest-mismatch': 'failed-check',
  'key-refused': 'failed-authentication',
};
