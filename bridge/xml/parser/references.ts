// References of XML 1.0 §4.1 and §4.6: to characters and to the five entities that need no declaration.

import { isLegalText } from '../characters.ts';
import { XmlFailure } from '../failure.ts';

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);
const DECIMAL = /^#[0-9]+$/;
const HEXADECIMAL = /^#x[0-9A-Fa-f]+$/;

/** The text with each reference replaced by what it stands for, which is not read again.
 * @throws {XmlFailure} `not-well-formed` for any other ampersand, and for a character that XML does not have */
export function expandReferences(text: string): string {
  let expanded = '';
  let from = 0;
  // A loop: a text may be nothing but references, and for each an expression with a function takes three times as long.
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', from)) {
    const end = text.indexOf(';', at);
    if (end < 0) throw new XmlFailure('not-well-formed', 'ampersand');
    const name = text.slice(at + 1, end);
    expanded += text.slice(from, at) + (ENTITIES.get(name) ?? characterOf(name));
    from = end + 1;
  }
  return from === 0 ? text : expanded + text.slice(from);
}

function characterOf(name: string): string {
  const codePoint = codePointOf(name);
  if (codePoint > 0x10ffff) throw new XmlFailure('not-well-formed', 'reference beyond Unicode');
  const character = String.fromCodePoint(codePoint);
  const isPlain = codePoint >= 0x20 && codePoint < 0xd800;
  if (!isPlain && !isLegalText(character))
    throw new XmlFailure('not-well-formed', 'reference to a character');
  return character;
}

function codePointOf(name: string): number {
  if (HEXADECIMAL.test(name)) return Number.parseInt(name.slice(2), 16);
  if (DECIMAL.test(name)) return Number.parseInt(name.slice(1), 10);
  throw new XmlFailure('not-well-formed', 'unknown entity');
}
