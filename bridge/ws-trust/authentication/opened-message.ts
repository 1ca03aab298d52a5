// From bytes to an envelope whose frame is acceptable: size, content type, XML, SOAP, addressing, headers we understand.

import { ADDRESSING_HEADERS, type Addressing, readAddressing } from '#bridge/soap/addressing.ts';
import type { Framing } from '#bridge/soap/answer.ts';
import {
  type HttpHeaders,
  readSoapHttpHeaders,
  type SoapHttpHeaders,
} from '#bridge/soap/content-type.ts';
import { type Envelope, readEnvelope, readVersion } from '#bridge/soap/envelope.ts';
import { requireUnderstood } from '#bridge/soap/header-block.ts';
import {
  type OpeningRules,
  openParts,
  openTokens,
} from '#bridge/ws-security/encryption/message-encryption.ts';
import {
  type EnvelopeUnderSecret,
  openUnderSecret,
} from '#bridge/ws-security/encryption/message-secret.ts';
import { SECURITY_HEADERS } from '#bridge/ws-security/security-header.ts';
import type { Markup } from '#bridge/xml/canonical/markup.ts';
import type { KeyUnwrappers } from '#bridge/xml/encryption/decrypt.ts';
import { DEFAULT_LIMITS } from '#bridge/xml/parser/limits.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { Requestor } from '#core/request/requestor.ts';
import type { Endpoint } from '../endpoint/endpoint-profile.ts';
import { type TrustNames, type TrustOperation, trustOf } from '../names.ts';

/** A message whose frame was read. */
export interface OpenedMessage {
  readonly http: SoapHttpHeaders;
  readonly envelope: Envelope;
  readonly addressing: Addressing | undefined;
  /** What of it was encrypted to us; absent at addresses where TLS protects messages. */
  readonly encryption?: EnvelopeUnderSecret;
}

/** What is known of a request so far: a fault is written in its words, a refusal is recorded under its requestor. */
export interface Progress {
  framing: Framing;
  trust: TrustNames;
  /** What the Body asks for. */
  operation?: TrustOperation;
  requestor?: Requestor;
  /** Header blocks of a fault, besides addressing; written when there is one. Absent: none. */
  faultHeaders?: (progress: Pick<Progress, 'framing' | 'requestor'>) => readonly Markup[];
  /** Whether core has put what happened on record. */
  isRecorded: boolean;
}

const UNDERSTOOD = [...ADDRESSING_HEADERS, ...SECURITY_HEADERS];

/** Opens a message; `progress` follows.
 * @throws {ExchangeFailure} `request-malformed`
 * @throws {XmlFailure} reasons of parsing and reading
 * @throws {EnvelopeFailure} `version-mismatch`, `must-understand` */
export function openMessage(
  message: { readonly headers: HttpHeaders; readonly body: Uint8Array },
  maxBodyBytes: number,
  progress: Progress,
): OpenedMessage {
  const http = readSoapHttpHeaders(message.headers);
  const document = parseXml(message.body, { ...DEFAULT_LIMITS, maxBytes: maxBodyBytes });
  const version = readVersion(document);
  progress.framing = { version, addressing: undefined };
  const envelope = readEnvelope(document);
  progress.trust = trustOf(envelope.payload?.uri ?? '') ?? progress.trust;
  if (version !== http.version)
    throw new ExchangeFailure('request-malformed', 'content type and envelope disagree');
  const addressing = readAddressing(envelope);
  progress.framing = { version, addressing };
  requireUnderstood(envelope.headers, UNDERSTOOD);
  return { http, envelope, addressing };
}

/** Opens what is encrypted in a message, where we have keys: the message itself at an address for such messages, elsewhere the tokens
 * in its header.
 * @throws {SecurityFailure} `invalid-security`, `invalid-security-token`, `unknown-derivation-source`, `unsupported-algorithm`,
 * `failed-check` */
export async function decryptMessage(
  message: OpenedMessage,
  { messageSecurity }: Pick<Endpoint, 'messageSecurity'>,
  { unwrappers, maxBodyBytes }: DecryptionRules,
): Promise<OpenedMessage> {
  if (!unwrappers) return message;
  const rules: OpeningRules = {
    unwrappers,
    limits: { ...DEFAULT_LIMITS, maxBytes: maxBodyBytes },
  };
  if (messageSecurity === undefined)
    return { ...message, envelope: await openTokens(message.envelope, rules) };
  const open = messageSecurity === 'symmetric-sign-and-encrypt' ? openUnderSecret : openParts;
  const encryption: EnvelopeUnderSecret = await open(message.envelope, rules);
  // Addressing stays what it was: nothing of it can come encrypted.
  return { ...message, envelope: encryption.envelope, encryption };
}

interface DecryptionRules {
  /** Our keys; absent: what is encrypted is refused. */
  readonly unwrappers: KeyUnwrappers | undefined;
  readonly maxBodyBytes: number;
}
