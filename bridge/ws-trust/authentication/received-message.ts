// A message before it is known who asks: where it came in, what protects it, and what its Body wants of its signatures.

import type { AnswerSecret } from '#bridge/ws-security/encryption/answer-keys.ts';
import type { SecurityHeader } from '#bridge/ws-security/security-header.ts';
import type { MessageSignature } from '#bridge/ws-security/signature/message-signature.ts';
import type { Recipient } from '#bridge/xml/encryption/encrypt.ts';
import type { XmlDocument, XmlElement } from '#bridge/xml/tree.ts';
import type { Instant } from '#core/instant.ts';
import type { Endpoint, EndpointProfile } from '../endpoint/endpoint-profile.ts';
import type { OpenedMessage } from './opened-message.ts';
import type { TransportCredentials } from './transport-credential.ts';
import type { WantedSignatures } from './wanted-signatures.ts';

/** What a message was protected with, where that was not TLS. */
export interface MessageProtection {
  /** The one signature, which covers all that is read. */
  readonly signature: MessageSignature;
  /** The tokens of the Security header that had a part in it. */
  readonly tokens: readonly XmlElement[];
  /** Whom the answer is encrypted to: who signed. Absent: it is protected with the secret. */
  readonly recipient?: Recipient;
  /** It protects the answer too. The signature then does not show who asks. */
  readonly secret?: AnswerSecret;
}

/** One message and where it came in. */
export interface ReceivedMessage {
  readonly message: OpenedMessage;
  readonly profile: EndpointProfile;
  readonly endpoint: Endpoint;
  /** The endpoint as the client calls it. */
  readonly address: string;
  readonly isSecure: boolean;
  readonly transport: TransportCredentials;
  readonly correlationId: string;
  readonly sourceAddress?: string | undefined;
  /** What protects the message itself, once that is verified; absent where it is TLS. */
  readonly protection?: MessageProtection | undefined;
}

/** A message whose Body was read. */
export interface MessageToAuthenticate extends WantedSignatures {
  readonly received: ReceivedMessage;
  readonly security: SecurityHeader | undefined;
  /** The tokens of the header that the Body refers to. */
  readonly usedTokens: ReadonlySet<XmlElement>;
  /** What an earlier message held, where this one answers a challenge. */
  readonly requestDocument?: XmlDocument | undefined;
  /** The second factor, from the answer to a challenge. */
  readonly oneTimePassword?: string | undefined;
}

/** A message and the time it is held against. */
export interface TimedMessage extends MessageToAuthenticate {
  readonly now: Instant;
}
