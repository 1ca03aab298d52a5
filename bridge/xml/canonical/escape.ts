// The only two escapers (xml-security S2), and the ASCII wire form (S6, ws-trust W8).

import { Buffer } from 'node:buffer';
import { isLegalText } from '../characters.ts';
import { XmlFailure } from '../failure.ts';

const TEXT_SPECIAL = /[&<>\r]/;
const ATTRIBUTE_SPECIAL = /[&<"\t\n\r]/;
const BEYOND_ASCII = /[^\0-\x7f]/gu;

const TEXT_REFERENCES = referencesByUnit({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#xD;' });
const ATTRIBUTE_REFERENCES = referencesByUnit({
  '&': '&amp;',
  '<': '&lt;',
  '"': '&quot;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
});

/** By code unit, as far as there are any. */
function referencesByUnit(references: Readonly<Record<string, string>>): readonly string[] {
  return Array.from({ length: 0x40 }, (_, unit) => references[String.fromCharCode(unit)] ?? '');
}

/** Escapes character data as Canonical XML §2.3 does. */
export function escapeText(text: string): string {
  // The test spares the common value a copy.
  return TEXT_SPECIAL.test(text) ? withReferences(text, TEXT_REFERENCES) : text;
}

/** Escapes an attribute value as Canonical XML §2.3 does, for double quotes. */
export function escapeAttribute(value: string): string {
  return ATTRIBUTE_SPECIAL.test(value) ? withReferences(value, ATTRIBUTE_REFERENCES) : value;
}

// A loop: a text may be nothing but specials, and for each an expression with a function takes three times as long.
function withReferences(text: string, references: readonly string[]): string {
  let written = '';
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const reference = references[text.charCodeAt(at)] ?? '';
    if (reference === '') continue;
    written += text.slice(from, at) + reference;
    from = at + 1;
  }
  return written + text.slice(from);
}

/** Writes characters above U+007F as numeric references: same canonical form, ASCII bytes (ws-trust W8). Do it after digesting. */
export function toAsciiWire(canonical: string): string {
  // As long in UTF-8 as in UTF-16 units is ASCII only: the usual case, told without looking at each character in turn.
  if (Buffer.byteLength(canonical) === canonical.length) return canonical;
  return canonical.replace(
    BEYOND_ASCII,
    (character) => `&#x${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()};`,
  );
}

/** Passes text of legal XML characters; nothing is ever dropped or replaced (S2, E7).
 * @throws {XmlFailure} `character-illegal` */
export function requireLegalText(text: string): string {
  if (!isLegalText(text)) throw new XmlFailure('character-illegal', 'character not legal in XML');
  return text;
}
