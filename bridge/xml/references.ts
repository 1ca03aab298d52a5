// References of XML 1.0 §4.1 and §4.6: to characters and to the five entities that need no declaration.

import { isLegalText } from './characters.ts';
import { XmlFailure } from './failure.ts';

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);
const REFERENCE = /&(#x[0-9A-Fa-f]+|#[0-9]+|[a-z]+);|&/g;

/** The text with each reference replaced by what it stands for, which is not read again.
 * @throws {XmlFailure} `not-well-formed` for any other ampersand, and for a character that XML does not have */
export function expandReferences(text: string): string {
  return text.replace(REFERENCE, (_, name?: string) => {
    if (name === undefined) throw new XmlFailure('not-well-formed', 'ampersand');
    return name.startsWith('#') ? characterOf(name) : entityOf(name);
  });
}

function characterOf(name: string): string {
  const codePoint = name.startsWith('#x')
    ? Number.parseInt(name.slice(2), 16)
    : Number.parseInt(name.slice(1), 10);
  if (codePoint > 0x10ffff) throw new XmlFailure('not-well-formed', 'reference beyond Unicode');
  const character = String.fromCodePoint(codePoint);
  if (!isLegalText(character)) throw new XmlFailure('not-well-formed', 'reference to a character');
  return character;
}

function entityOf(name: string): string {
  const text = ENTITIES.get(name);
  if (text === undefined) throw new XmlFailure('not-well-formed', 'unknown entity');
  return text;
}
