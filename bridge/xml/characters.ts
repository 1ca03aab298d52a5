// Character-level rules of XML 1.0 and Namespaces 1.0, shared by tokenizer, parser and writer.

import * as namespaces from './namespaces.ts';

const NAME_START =
  'A-Z_a-z\\u{C0}-\\u{D6}\\u{D8}-\\u{F6}\\u{F8}-\\u{2FF}\\u{370}-\\u{37D}\\u{37F}-\\u{1FFF}\\u{200C}-\\u{200D}' +
  '\\u{2070}-\\u{218F}\\u{2C00}-\\u{2FEF}\\u{3001}-\\u{D7FF}\\u{F900}-\\u{FDCF}\\u{FDF0}-\\u{FFFD}\\u{10000}-\\u{EFFFF}';
const NCNAME = new RegExp(
  `^[${NAME_START}][${NAME_START}\\-.0-9\\u{B7}\\u{300}-\\u{36F}\\u{203F}-\\u{2040}]*$`,
  'u',
);
const BEYOND_PLAIN = /[^\t\n\r -~]/;
// Two expressions: the engine skips along a text for each of them many units at a time, which it does not for both in one.
// oxlint-disable-next-line no-control-regex -- these characters are what is looked for
const ILLEGAL_LOW = /[\0-\x08\x0b\x0c\x0e\x0f\ufffe\uffff]/;
// oxlint-disable-next-line no-control-regex -- these characters are what is looked for
const ILLEGAL_HIGH = /[\x10-\x1f]/;
// scheme ":" then an authority without user info, or no authority; every "%" is an escape; one fragment at most.
const URI_CHARACTER = '[A-Za-z0-9._~!$()*+,;=:@/-]|%[0-9A-Fa-f]{2}';
const NAMESPACE_URI = new RegExp(
  `^[A-Za-z][A-Za-z0-9+.-]*:(?://[A-Za-z0-9._~-]*(?::[0-9]{1,5})?(?=[/?#]|$)|(?!//))(?:${URI_CHARACTER})*` +
    `(?:\\?(?:[?]|${URI_CHARACTER})*)?(?:#(?:[?]|${URI_CHARACTER})*)?$`,
);
// What nearly all messages are made of: told without the expression, which takes longer than the rest of a declaration.
const COMMON_NAMESPACES: ReadonlySet<string> = new Set(
  [
    ...Object.values(namespaces).filter((name) => typeof name === 'string'),
    'http://schemas.xmlsoap.org/soap/envelope/',
    'http://www.w3.org/2003/05/soap-envelope',
    'http://www.w3.org/2005/08/addressing',
    'http://schemas.xmlsoap.org/ws/2004/09/policy',
    'http://schemas.xmlsoap.org/ws/2005/02/trust',
    'http://docs.oasis-open.org/ws-sx/ws-trust/200512',
  ].filter((uri) => NAMESPACE_URI.test(uri)),
);

/** Whether the text is an NCName (Namespaces in XML 1.0 §3). */
export function isNcName(text: string): boolean {
  return isAsciiNcName(text) || NCNAME.test(text);
}

/** Whether the text is an NCName of ASCII characters: the only names our writer uses. */
export function isAsciiNcName(text: string): boolean {
  // Each name that is written passes here: for text this short a loop is faster than the expression.
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    const lower = unit | 0x20;
    const isStart = (lower >= 0x61 && lower <= 0x7a) || unit === 0x5f;
    const isName =
      isStart || (at > 0 && ((unit >= 0x30 && unit <= 0x39) || unit === 0x2d || unit === 0x2e));
    if (!isName) return false;
  }
  return text !== '';
}

/** Whether every character is legal in XML 1.0 (§2.2); a lone surrogate is not. */
export function isLegalText(text: string): boolean {
  // What is written is mostly short and plain, which one expression tells.
  if (text.length < 128 && !BEYOND_PLAIN.test(text)) return true;
  return !ILLEGAL_LOW.test(text) && !ILLEGAL_HIGH.test(text) && text.isWellFormed();
}

/**
 * Whether the text has the form `scheme:` and plain URI characters (xml-security V2).
 * Relative and quoted namespace names made other libraries canonicalise to nothing or to other markup (A5, A7).
 */
export function isNamespaceUri(text: string): boolean {
  return COMMON_NAMESPACES.has(text) || NAMESPACE_URI.test(text);
}

/** Orders by code point, as Canonical XML §2.2 asks; plain `<` would order by UTF-16 unit. */
export function compareCodePoints(left: string, right: string): number {
  const shared = Math.min(left.length, right.length);
  for (let i = 0; i < shared; i += 1) {
    const a = left.charCodeAt(i);
    const b = right.charCodeAt(i);
    if (a !== b) return sortableUnit(a) - sortableUnit(b);
  }
  return left.length - right.length;
}

// Surrogates stand for code points above the whole BMP, so they sort after U+E000-U+FFFF.
function sortableUnit(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
