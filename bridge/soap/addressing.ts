// WS-Addressing headers of a request (1.0 SOAP Binding §3, and the submission of August 2004). None at all is fine: many
// clients send none (ws-trust W11). Answers go back on the connection, so every reply address must be anonymous.

import { XmlFailure } from '#bridge/xml/failure.ts';
import { defined, type ExpandedName, trimmedTextOf } from '#bridge/xml/reader.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import { isAddressing, readAddress } from './endpoint-reference.ts';
import type { Envelope } from './envelope.ts';
import { WSA_2004_ANONYMOUS, WSA_2004_NS, WSA_NS } from './namespaces.ts';

/** What a request says about itself. Without a signature over it, it carries no authority (xml-security V10). */
export interface Addressing {
  readonly namespace: string;
  readonly action?: string;
  readonly messageId?: string;
  readonly to?: string;
}

const ANONYMOUS: Readonly<Record<string, string>> = {
  [WSA_NS]: `${WSA_NS}/anonymous`,
  [WSA_2004_NS]: WSA_2004_ANONYMOUS,
};
const SINGLE: ReadonlySet<string> = new Set(['Action', 'To', 'MessageID', 'ReplyTo', 'FaultTo']);
/** Some clients write the name in lower case (ws-trust W11). */
const LOWER_CASE_MESSAGE_ID = 'messageID';
/** Identifiers are echoed: bounded, so that an answer is not a multiple of them. */
const MAX_TEXT_LENGTH = 2048;

/** The headers this reader understands. */
export const ADDRESSING_HEADERS: readonly ExpandedName[] = [WSA_NS, WSA_2004_NS].flatMap((uri) =>
  [...SINGLE, LOWER_CASE_MESSAGE_ID, 'From', 'RelatesTo'].map((local) => ({ uri, local })),
);

/** Whether the address stands for the sender's own connection. */
export function isAnonymous(address: string, namespace: string): boolean {
  return address === ANONYMOUS[namespace];
}

/** Reads the addressing headers, or undefined when there are none.
 * @throws {XmlFailure} `element-repeated`, `element-unexpected`, `element-missing`, `text-malformed` */
export function readAddressing(envelope: Envelope): Addressing | undefined {
  const blocks = addressingHeaders(envelope);
  const [first] = blocks;
  if (first === undefined) return undefined;
  const namespace = first.uri;
  if (blocks.some(({ uri }) => uri !== namespace))
    throw new XmlFailure('element-unexpected', 'two versions of addressing');
  const single = singleHeaders(blocks);
  for (const name of ['ReplyTo', 'FaultTo']) requireAnonymous(single.get(name), namespace);
  return {
    namespace,
    ...defined<Omit<Addressing, 'namespace'>>({
      action: headerText(single.get('Action')),
      messageId: headerText(single.get('MessageID')),
      to: headerText(single.get('To')),
    }),
  };
}

/** The addressing headers of a message, all of them. */
export function addressingHeaders({ headers }: Envelope): readonly XmlElement[] {
  return headers.map(({ element }) => element).filter(({ uri }) => isAddressing(uri));
}

// With two of a kind, the one that is checked and the one that another node acts on could differ.
function singleHeaders(blocks: readonly XmlElement[]): ReadonlyMap<string, XmlElement> {
  const single = new Map<string, XmlElement>();
  for (const block of blocks) {
    const name = block.local === LOWER_CASE_MESSAGE_ID ? 'MessageID' : block.local;
    if (!SINGLE.has(name)) continue;
    if (single.has(name)) throw new XmlFailure('element-repeated', `two ${name}`);
    single.set(name, block);
  }
  return single;
}

function headerText(element: XmlElement | undefined): string | undefined {
  if (element === undefined) return undefined;
  const text = trimmedTextOf(element);
  if (text === '' || text.length > MAX_TEXT_LENGTH)
    throw new XmlFailure('text-malformed', `${element.local} is empty or too long`);
  return text;
}

// An answer sent elsewhere would hand the token to whoever the request names.
function requireAnonymous(reference: XmlElement | undefined, namespace: string): void {
  if (reference === undefined) return;
  if (!isAnonymous(readAddress(reference, namespace), namespace))
    throw new XmlFailure('text-malformed', `${reference.local} is not anonymous`);
}
