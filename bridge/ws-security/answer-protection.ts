// Signs and encrypts an answer (WSS 1.1.1 §8, §9; WS-SecurityPolicy 1.2 §7.5, asymmetric binding): Timestamp, confirmation, addressing
// and Body are signed, then Body, signature and confirmation are encrypted to whoever signed the request.

import { writeBase64 } from '#bridge/xml/base64.ts';
import { encryptParts, type PlainPart, type Recipient } from '#bridge/xml/encrypt.ts';
import { type AttributePair, element, type Markup, type MarkupName } from '#bridge/xml/markup.ts';
import { DS_NS, WSSE11_NS, WSU_NS, wsse } from '#bridge/xml/namespaces.ts';
import { reread } from '#bridge/xml/reread.ts';
import { signDetached } from '#bridge/xml/sign.ts';
import type { Signer } from '#bridge/xml/signer.ts';
import { BASE64_BINARY, X509_V3 } from './names.ts';

/** How answers are signed. */
export interface AnswerSigner {
  readonly signer: Signer;
  /** DER; it goes with the answer. */
  readonly certificate: Uint8Array;
}

/** What an answer is protected with. */
export interface AnswerKeys extends AnswerSigner {
  readonly recipient: Recipient;
  /** The value of the signature of the request, as it was verified. */
  readonly confirms: Uint8Array;
}

/** An answer in clear. Names of parts are its own; there is one of each in an envelope. */
export interface PlainAnswer {
  /** With the id {@link TIMESTAMP_ID}. */
  readonly timestamp: Markup;
  /** With ids. */
  readonly addressing: readonly { readonly id: string; readonly element: Markup }[];
  /** The Body with the id {@link BODY_ID}, and what it holds. */
  readonly body: Markup;
  readonly payload: Markup;
}

export const TIMESTAMP_ID = 'timestamp';
export const BODY_ID = 'body';
const TOKEN_ID = 'signing-certificate';
const CONFIRMATION_ID = 'confirmation';
const KEY_ID = 'key';
const WSU_ID: MarkupName = { prefix: 'wsu', uri: WSU_NS, local: 'Id' };

/** The Security header, and what goes into the Body. The parts must be embedded as they were given.
 * @throws {ExchangeFailure} `dependency-unavailable` when the key cannot sign */
export async function protectAnswer(
  { addressing, body, payload, timestamp }: PlainAnswer,
  keys: AnswerKeys,
): Promise<{ readonly security: Markup; readonly content: Markup }> {
  const token = writeToken(keys.certificate);
  const confirmation = writeConfirmation(keys.confirms);
  const signature = await signDetached(
    [
      { id: TIMESTAMP_ID, element: timestamp },
      { id: CONFIRMATION_ID, element: confirmation },
      { id: TOKEN_ID, element: token },
      ...addressing,
      { id: BODY_ID, element: reread(body) },
    ],
    { signer: keys.signer, keyInfo: tokenReference() },
  );
  const parts: readonly PlainPart[] = [
    { id: 'encrypted-confirmation', type: 'element', plain: confirmation },
    { id: 'encrypted-signature', type: 'element', plain: signature },
    { id: 'encrypted-body', type: 'content', plain: payload },
  ];
  const { data, encryptedKey } = encryptParts(parts, keys.recipient, KEY_ID);
  const [ofConfirmation, ofSignature, content] = data;
  if (!ofConfirmation || !ofSignature || !content) throw new Error('a part was not encrypted');
  // The token before the signature that names it, the key before what it opens: readers go from top to bottom.
  const children = [timestamp, token, encryptedKey, ofConfirmation, ofSignature];
  return { security: element(wsse('Security'), [], children), content };
}

function writeToken(certificate: Uint8Array): Markup {
  const attributes: readonly AttributePair[] = [
    ['EncodingType', BASE64_BINARY],
    ['ValueType', X509_V3],
    [WSU_ID, TOKEN_ID],
  ];
  return element(wsse('BinarySecurityToken'), attributes, [writeBase64(certificate)]);
}

// WSS 1.1.1 §8.5: that this answers the very request that was signed.
function writeConfirmation(value: Uint8Array): Markup {
  return element({ prefix: 'wsse11', uri: WSSE11_NS, local: 'SignatureConfirmation' }, [
    ['Value', writeBase64(value)],
    [WSU_ID, CONFIRMATION_ID],
  ]);
}

function tokenReference(): Markup {
  const direct = element(wsse('Reference'), [
    ['URI', `#${TOKEN_ID}`],
    ['ValueType', X509_V3],
  ]);
  const reference = element(wsse('SecurityTokenReference'), [], [direct]);
  return element({ prefix: 'ds', uri: DS_NS, local: 'KeyInfo' }, [], [reference]);
}
