// Signs and encrypts an answer (WSS 1.1.1 §8, §9; WS-SecurityPolicy 1.2 §7.4, §7.5): Timestamp, confirmation, addressing and Body are signed,
// then Body, signature and confirmation are encrypted.

import { writeBase64 } from '#bridge/xml/base64.ts';
import { element, type Markup } from '#bridge/xml/canonical/markup.ts';
import { reread } from '#bridge/xml/canonical/reread.ts';
import type { PlainPart } from '#bridge/xml/encryption/encrypt.ts';
import { KEY_INFO, WSSE11_NS, WSU_ID, wsse } from '#bridge/xml/namespaces.ts';
import { signDetached } from '#bridge/xml/signature/sign.ts';
import type { AnswerKeys } from './answer-keys.ts';

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
const CONFIRMATION_ID = 'confirmation';

/** The Security header, and what goes into the Body. The parts must be embedded as they were given. `confirms` is the value of the
 * signature of the request, as it was verified.
 * @throws {ExchangeFailure} `dependency-unavailable` when the key cannot sign */
export async function protectAnswer(
  { addressing, body, payload, timestamp }: PlainAnswer,
  { encrypt, reference, signedTokens, signer, tokens }: AnswerKeys,
  confirms: Uint8Array,
): Promise<{ readonly security: Markup; readonly content: Markup }> {
  const confirmation = writeConfirmation(confirms);
  const keyInfo = element(KEY_INFO, [], [reference]);
  const signature = await signDetached(
    [
      { id: TIMESTAMP_ID, element: timestamp },
      { id: CONFIRMATION_ID, element: confirmation },
      ...signedTokens,
      ...addressing,
      { id: BODY_ID, element: reread(body) },
    ],
    { signer, keyInfo },
  );
  const parts: readonly PlainPart[] = [
    { id: 'encrypted-confirmation', type: 'element', plain: confirmation },
    { id: 'encrypted-signature', type: 'element', plain: signature },
    { id: 'encrypted-body', type: 'content', plain: payload },
  ];
  const { data, opener } = encrypt(parts);
  const [ofConfirmation, ofSignature, content] = data;
  if (!ofConfirmation || !ofSignature || !content) throw new Error('a part was not encrypted');
  // The tokens before the signature that names one, the key before what it opens: readers go from top to bottom.
  const children = [timestamp, ...tokens, opener, ofConfirmation, ofSignature];
  return { security: element(wsse('Security'), [], children), content };
}

// WSS 1.1.1 §8.5: that this answers the very request that was signed.
function writeConfirmation(value: Uint8Array): Markup {
  return element({ prefix: 'wsse11', uri: WSSE11_NS, local: 'SignatureConfirmation' }, [
    ['Value', writeBase64(value)],
    [WSU_ID, CONFIRMATION_ID],
  ]);
}
