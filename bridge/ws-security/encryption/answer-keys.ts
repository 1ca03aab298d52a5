// What an answer is signed with and encrypted under: our key and the certificate of the client (asymmetric binding), or the secret of the
// request (symmetric binding), which the answer names by the hash of what it came as (WSS 1.1.1 §7.7).

import { createSecretKey, hash } from 'node:crypto';
import { writeBase64 } from '#bridge/xml/base64.ts';
import { type AttributePair, element, type Markup } from '#bridge/xml/canonical/markup.ts';
import {
  encryptParts,
  encryptUnder,
  type PlainPart,
  type Recipient,
} from '#bridge/xml/encryption/encrypt.ts';
import type { ContentName } from '#bridge/xml/encryption/encryption-algorithms.ts';
import { BASE64_BINARY, ENCRYPTED_KEY, TOKEN_TYPE, wsse } from '#bridge/xml/namespaces.ts';
import type { SignedPart } from '#bridge/xml/signature/sign.ts';
import { createSecretSigner, type Signer } from '#bridge/xml/signature/signer.ts';
import { ENCRYPTED_KEY_SHA1, X509_V3 } from '../names.ts';
import { writeBinaryToken } from '../tokens/binary-token.ts';
import { writeDirectReference } from '../tokens/token-reference.ts';
import { makeDerivedKey } from './derived-key.ts';

/** The keys of an answer, and how it names them. */
export interface AnswerKeys {
  readonly signer: Signer;
  /** The SecurityTokenReference to the key that signs. */
  readonly reference: Markup;
  /** Tokens of the header, before all that names them. */
  readonly tokens: readonly Markup[];
  /** Those of them that are signed. */
  readonly signedTokens: readonly SignedPart[];
  /** Encrypts parts; `opener` goes into the header before them. */
  readonly encrypt: (parts: readonly PlainPart[]) => {
    readonly opener: Markup;
    readonly data: readonly Markup[];
  };
}

/** How answers are signed. */
export interface AnswerSigner {
  readonly signer: Signer;
  /** DER; it goes with the answer. */
  readonly certificate: Uint8Array;
}

/** The secret of a request. */
export interface AnswerSecret {
  readonly value: Uint8Array;
  /** As it came. */
  readonly wrapped: Uint8Array;
  readonly content: ContentName;
  /** How keys are derived for each use; absent: it is the secret itself. */
  readonly signing?: AnswerDerivation | undefined;
  readonly encryption?: AnswerDerivation | undefined;
}

/** How the request derived a key. The answer does the same: suites of WS-SecurityPolicy prescribe lengths, and clients check them. */
export interface AnswerDerivation {
  /** The namespace of WS-SecureConversation. */
  readonly wsc: string;
  readonly bytes: number;
}

const CERTIFICATE_ID = 'signing-certificate';
const KEY_ID = 'key';
const SIGNING_ID = 'signing-key';
const ENCRYPTION_ID = 'encryption-key';

/** Our key, and that of a certificate. */
export function keysOfCertificates(
  { certificate, signer }: AnswerSigner,
  recipient: Recipient,
): AnswerKeys {
  const token = writeBinaryToken(CERTIFICATE_ID, X509_V3, certificate);
  return {
    signer,
    reference: writeDirectReference(`#${CERTIFICATE_ID}`, X509_V3),
    tokens: [token],
    signedTokens: [{ id: CERTIFICATE_ID, element: token }],
    encrypt(parts) {
      const { data, encryptedKey } = encryptParts(parts, recipient, KEY_ID);
      return { data, opener: encryptedKey };
    },
  };
}

/** The secret of the request, or keys derived of it anew. */
export function keysOfSecret(answer: AnswerSecret): AnswerKeys {
  const { content } = answer;
  const signing = keyOf(answer, SIGNING_ID, answer.signing);
  const opening = keyOf(answer, ENCRYPTION_ID, answer.encryption);
  return {
    signer: createSecretSigner(signing.key),
    reference: signing.reference,
    tokens: [...signing.tokens, ...opening.tokens],
    signedTokens: [],
    encrypt(parts) {
      const { key: secret, reference } = opening;
      const { data, list } = encryptUnder(parts, { content, secret, reference });
      return { data, opener: list };
    },
  };
}

interface NamedKey {
  readonly key: Uint8Array;
  readonly reference: Markup;
  readonly tokens: readonly Markup[];
}

function keyOf(
  { value, wrapped }: AnswerSecret,
  id: string,
  derivation: AnswerDerivation | undefined,
): NamedKey {
  const reference = secretReference(wrapped);
  if (!derivation) return { key: value, reference, tokens: [] };
  const wish = { ...derivation, id, reference };
  const { key, token } = makeDerivedKey(createSecretKey(value), wish);
  return {
    key,
    reference: writeDirectReference(`#${id}`, `${derivation.wsc}/dk`),
    tokens: [token],
  };
}

function secretReference(wrapped: Uint8Array): Markup {
  const attributes: readonly AttributePair[] = [
    ['EncodingType', BASE64_BINARY],
    ['ValueType', ENCRYPTED_KEY_SHA1],
  ];
  // SHA-1 names it here: the client knows what it sent.
  const name = writeBase64(hash('sha1', wrapped, 'buffer'));
  const identifier = element(wsse('KeyIdentifier'), attributes, [name]);
  return element(wsse('SecurityTokenReference'), [[TOKEN_TYPE, ENCRYPTED_KEY]], [identifier]);
}
