// Tokens of WS-SecureConversation as clients write them, and keys derived as a client derives them: block by block, apart from the
// code under test.
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

export const WSC_13 = 'http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512';
export const WSC_2005 = 'http://schemas.xmlsoap.org/ws/2005/02/sc';
export const NONCE = Buffer.alloc(16, 7);

interface Derivation {
  readonly label?: string;
  readonly nonce?: Buffer;
  readonly from?: number;
  readonly length?: number;
}

/** Bytes of P_SHA1(secret, label + nonce), RFC 2246 §5. */
export function aDerivedKey(secret: Buffer, wishes: Derivation = {}): KeyObject {
  const { from = 0, label, length = 32, nonce = NONCE } = wishes;
  const seed = Buffer.concat([
    Buffer.from(label ?? 'WS-SecureConversationWS-SecureConversation'),
    nonce,
  ]);
  const mac = (data: Buffer) => createHmac('sha1', secret).update(data).digest();
  const chain = [mac(seed)];
  for (let last = chain[0] ?? seed; chain.length * 20 < from + length; chain.push(last))
    last = mac(last);
  const bytes = Buffer.concat(chain.map((a) => mac(Buffer.concat([a, seed]))));
  return createSecretKey(bytes.subarray(from, from + length));
}

/** A DerivedKeyToken with the id `dkt`; `children` stand between the reference and the Nonce. */
export function aDerivedKeyToken(
  reference: string,
  { children = '', nonce = NONCE.toString('base64'), id = 'dkt', wsc = WSC_13, more = '' } = {},
): string {
  const last = nonce === '' ? '' : `<c:Nonce>${nonce}</c:Nonce>`;
  return `<c:DerivedKeyToken xmlns:c="${wsc}" wsu:Id="${id}"${more}>${reference}${children}${last}</c:DerivedKeyToken>`;
}

/** A reference to a token of the message by its id. */
export function aReferenceTo(id: string, valueType = `${WSC_13}/dk`): string {
  return `<wsse:SecurityTokenReference><wsse:Reference URI="#${id}" ValueType="${valueType}"></wsse:Reference></wsse:SecurityTokenReference>`;
}
