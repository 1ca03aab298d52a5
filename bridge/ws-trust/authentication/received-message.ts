// A message before it is known who asks: where it came in, what protects it, and what its Body wants of its signatures.

import type { AnswerSecret } from '#bridge/ws-security/encryption/answer-keys.ts';
import type { SecurityHeader } from '#bridge/ws-security/security-header.ts';
import type { MessageSignature } from '#bridge/ws-security/signature/message-signature.ts';
import type { Recipient } from '#bridge/xml/encryption/encrypt.ts';
import type { XmlDocument, XmlElement } from '#bridge/xml/tree.ts';
import type { Instant } from '#core/instant.ts';
import { wantsToken } from '../answer/response.ts';
import type { Endpoint, EndpointProfile } from '../endpoint/endpoint-profile.ts';
import { TOKEN_PARAMETERS } from '../rst/parameters.ts';
import { asksForContext, type RstRequest } from '../rst/rst-request.ts';
import type { OpenedMessage } from './opened-message.ts';
import type { TransportCredentials } from './transport-credential.ts';

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

/** What a Body wants of the signatures of its message. */
interface WantedSignatures {
  /** One may be there for a key that the Body asks for, or for that of a token in it. */
  readonly namesKey: boolean;
  /** One may be there for the secret of the token that it is about. */
  readonly namesSecret: boolean;
  /** The Body must be covered, wherever it is. */
  readonly needsSignedBody: boolean;
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

/** What requests want of the signatures of their message (ws-trust §4, §8). */
export function wantedSignatures(
  requests: readonly RstRequest[],
  endpoint: Endpoint,
): WantedSignatures {
  return {
    namesKey: requests.some(({ present }) =>
      ['UseKey' as const, ...TOKEN_PARAMETERS].some((name) => present.has(name)),
    ),
    needsSignedBody: requests.some((rst) => dependsOnSender(rst) || isLogin(rst, endpoint)),
    // WS-Trust 1.3 §5, WS-SecureConversation 1.3 §6: by a signature with the secret of the token.
    namesSecret: requests.some(({ operation }) => operation === 'Renew' || operation === 'Cancel'),
  };
}

// The Body must be signed where it asks as or for another, has a token exchanged, names a key, renews, or cancels by a
// name alone. Else whoever receives a message could forward its header to us with a Body of their own.
function dependsOnSender(rst: RstRequest): boolean {
  const { actAs, cancelName, delegateTo, onBehalfOf, operation, renewTarget, useKey } = rst;
  return (
    [actAs, cancelName, delegateTo, onBehalfOf, useKey].some((asked) => asked !== undefined) ||
    (operation === 'Renew' && renewTarget?.type !== 'sct') ||
    (operation === 'Validate' && wantsToken(rst))
  );
}

// To get a context is to log in: with its secret one may ask for all of the above. Where contexts are credentials the policy of the
// address says what must be signed for that: WCF signs the Timestamp only.
const isLogin = (rst: RstRequest, { credentials }: Endpoint): boolean =>
  rst.operation === 'Issue' && asksForContext(rst) && !credentials.includes('security-context');
