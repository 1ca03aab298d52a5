// SecurityContextToken (WS-SecureConversation 1.3 §2, February 2005 §3): the name of a context that both sides know. It neither says whose
// it is nor proves anything.

import { type AttributePair, element, type Markup } from '#bridge/xml/canonical/markup.ts';
import { WSU_ID } from '#bridge/xml/namespaces.ts';
import { trimmedTextOf } from '#bridge/xml/reader.ts';
import { readInOrder } from '#bridge/xml/shape.ts';
import { elementsOf, type XmlElement } from '#bridge/xml/tree.ts';
import type { ContextName } from '#core/ledger/kept-token.ts';
import { readSecurely, SecurityFailure } from '../security-failure.ts';

const NAMES: ReadonlySet<string> = new Set(['Identifier', 'Instance']);
const MAX_LENGTH = 256;
const ABSOLUTE_URI = /^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$/;

/** Reads the name. What else a product puts there, such as a cookie that holds the key, is refused: it is not ours.
 * @throws {SecurityFailure} `bad-context-token`, `unsupported-context-token` */
export function readContextName(token: XmlElement): ContextName {
  return readSecurely('bad-context-token', () => {
    requireUnderstood(token);
    const children = readInOrder(elementsOf(token));
    const identifier = trimmedTextOf(children.take(token.uri, 'Identifier'));
    const instance = children.takeIf(token.uri, 'Instance');
    children.end();
    const name = requireIdentifier(identifier);
    if (instance === undefined) return { identifier: name };
    const text = trimmedTextOf(instance);
    if (text === '' || text.length > MAX_LENGTH) throw malformed('Instance');
    return { identifier: name, instance: text };
  });
}

// WS-SecureConversation 1.3 §2: who does not understand a part of the token may say so.
function requireUnderstood(token: XmlElement): void {
  const other = elementsOf(token).find(({ local, uri }) => uri !== token.uri || !NAMES.has(local));
  if (other)
    throw new SecurityFailure('unsupported-context-token', `${other.local} of a security context`);
}

/** The identifier, if it is one.
 * @throws {SecurityFailure} `bad-context-token` */
export function requireIdentifier(text: string): string {
  if (text.length > MAX_LENGTH || !ABSOLUTE_URI.test(text)) throw malformed('Identifier');
  return text;
}

/** Writes the token; `id` is its name in the message, `uri` the namespace of the version that was asked for. */
export function writeContextToken(
  { identifier, instance }: ContextName,
  { id, uri }: { readonly id: string; readonly uri: string },
): Markup {
  const wsc = (local: string) => ({ prefix: 'wsc', uri, local });
  const attributes: readonly AttributePair[] = [[WSU_ID, id]];
  return element(wsc('SecurityContextToken'), attributes, [
    element(wsc('Identifier'), [], [identifier]),
    ...(instance === undefined ? [] : [element(wsc('Instance'), [], [instance])]),
  ]);
}

function malformed(what: string): SecurityFailure {
  return new SecurityFailure('bad-context-token', `${what} of a security context`);
}
