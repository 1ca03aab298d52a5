// Distinguished names: from certificates (X.501), from text (RFC 4514, and the quoted form of RFC 1779 that .NET writes), and
// whether two are the same. Never by looking for `CN=` in a text: a value may hold that too.
import {
  type Der,
  DerFailure,
  membersOf,
  objectIdentifierOf,
  readDer,
  readMembers,
  TAG,
} from './der.ts';

/** One attribute of a name. */
interface NameAttribute {
  /** Object identifier. */
  readonly type: string;
  readonly value: string;
}

/** A name: the relative names in the order of the certificate, the most general first; most have one attribute. */
export type DistinguishedName = readonly (readonly NameAttribute[])[];

export const COMMON_NAME = '2.5.4.3';

const KEYWORDS: ReadonlyMap<string, string> = new Map([
  ['CN', COMMON_NAME],
  ['SN', '2.5.4.4'],
  ['SURNAME', '2.5.4.4'],
  ['SERIALNUMBER', '2.5.4.5'],
  ['C', '2.5.4.6'],
  ['L', '2.5.4.7'],
  ['ST', '2.5.4.8'],
  ['S', '2.5.4.8'],
  ['STREET', '2.5.4.9'],
  ['O', '2.5.4.10'],
  ['OU', '2.5.4.11'],
  ['T', '2.5.4.12'],
  ['TITLE', '2.5.4.12'],
  ['GN', '2.5.4.42'],
  ['GIVENNAME', '2.5.4.42'],
  ['DNQ', '2.5.4.46'],
  ['DNQUALIFIER', '2.5.4.46'],
  ['UID', '0.9.2342.19200300.100.1.1'],
  ['DC', '0.9.2342.19200300.100.1.25'],
  ['E', '1.2.840.113549.1.9.1'],
  ['EMAILADDRESS', '1.2.840.113549.1.9.1'],
]);
/** The keyword to write for a type: of RFC 4514 §3; the first above for others. */
const WRITTEN: ReadonlyMap<string, string> = new Map(
  [...KEYWORDS].reverse().map(([key, oid]) => [oid, key]),
);

// A byte order mark is a part of the name (RFC 3629 §6): taken off unseen, it would make the name of another.
const decode = (encoding: string, content: Buffer): string =>
  new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(content);

/** Text encodings of X.520; others have no text. */
const TEXTS: ReadonlyMap<number, (content: Buffer) => string> = new Map([
  [0x0c, (content) => decode('utf-8', content)],
  [0x13, (content) => content.toString('latin1')],
  [0x14, (content) => content.toString('latin1')],
  [0x16, (content) => content.toString('latin1')],
  [0x1e, (content) => decode('utf-16be', content)],
]);

/** More than any name has, and a longer value than any of them: names of strangers are read before anybody knows who asks. */
const MAX_ATTRIBUTES = 32;
const MAX_FOLDED_CHARACTERS = 256;

/** Reads a Name of a certificate.
 * @throws {DerFailure} */
export function readName(name: Der): DistinguishedName {
  if (name.tag !== TAG.sequence) throw new DerFailure('no Name');
  let left = MAX_ATTRIBUTES;
  return membersOf(name, left).map((relative) => {
    if (relative.tag !== TAG.set) throw new DerFailure('no RelativeDistinguishedName');
    const attributes = membersOf(relative, left);
    left -= attributes.length;
    return attributes.map((attribute) => {
      const members = readMembers(attribute);
      const type = objectIdentifierOf(members.take(TAG.objectIdentifier));
      return { type, value: textOf(members.takeAny()) };
    });
  });
}

function textOf({ tag, content, raw }: Der): string {
  try {
    return TEXTS.get(tag)?.(content) ?? `#${raw.toString('hex')}`;
  } catch {
    throw new DerFailure('text of a name');
  }
}

/** Longer than any name of a certificate; messages of strangers hold names too. */
const MAX_CHARACTERS = 4096;

/** Parses a name in text; undefined when it is none. */
export function parseName(text: string): DistinguishedName | undefined {
  if (text.length > MAX_CHARACTERS) return undefined;
  const parts = split(text);
  if (parts.length > MAX_ATTRIBUTES) return undefined;
  const relatives: NameAttribute[][] = [[]];
  for (const { separator, part } of parts) {
    const attribute = parseAttribute(part);
    if (!attribute) return undefined;
    relatives.at(-1)?.push(attribute);
    if (separator === ',' || separator === ';') relatives.push([]);
  }
  // Text has the most special first.
  return relatives.reverse();
}

interface Part {
  readonly part: string;
  readonly separator: string;
}

function split(text: string): readonly Part[] {
  const parts: Part[] = [];
  let part = '';
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '\\') {
      part += text.slice(at, at + 2);
      at += 1;
    } else if (character === '"') {
      isQuoted = !isQuoted;
      part += character;
    } else if (!isQuoted && /[,;+]/.test(character)) {
      parts.push({ part, separator: character });
      part = '';
    } else part += character;
  }
  return [...parts, { part, separator: '' }];
}

function parseAttribute(part: string): NameAttribute | undefined {
  const equals = part.indexOf('=');
  const keyword = part.slice(0, Math.max(equals, 0)).trim().toUpperCase();
  const dotted = keyword.replace(/^OID\./, '');
  const type = KEYWORDS.get(keyword) ?? (/^\d+(?:\.\d+)+$/.test(dotted) ? dotted : undefined);
  const value = parseValue(withoutSpaces(part.slice(equals + 1)));
  return type === undefined || value === undefined ? undefined : { type, value };
}

/** Without the spaces around it, but for one that is escaped. */
function withoutSpaces(text: string): string {
  let start = 0;
  let end = text.length;
  while (text[start] === ' ') start += 1;
  while (end > start && text[end - 1] === ' ') end -= 1;
  return text.slice(start, text[end - 1] === '\\' ? end + 1 : end);
}

function parseValue(text: string): string | undefined {
  if (text.startsWith('#')) return parseHexValue(text.slice(1));
  const isQuoted = text.length >= 2 && text.startsWith('"') && text.endsWith('"');
  const inner = isQuoted ? text.slice(1, -1) : text;
  if (!isQuoted && /(?<!\\)"/.test(inner)) return undefined;
  return unescape(inner);
}

function parseHexValue(hex: string): string | undefined {
  if (!/^(?:[0-9a-f]{2})+$/i.test(hex)) return undefined;
  try {
    return textOf(readDer(Buffer.from(hex, 'hex')));
  } catch {
    return undefined;
  }
}

// RFC 4514 §2.4: a pair of hexadecimal digits stands for one octet of UTF-8.
function unescape(text: string): string | undefined {
  const octets: Buffer[] = [];
  for (const [found, hex, plain] of text.matchAll(/\\([0-9a-f]{2})|\\(.)|[^\\]+|\\$/gisu)) {
    if (found === '\\') return undefined;
    octets.push(hex === undefined ? Buffer.from(plain ?? found) : Buffer.from(hex, 'hex'));
  }
  try {
    return decode('utf-8', Buffer.concat(octets));
  } catch {
    return undefined;
  }
}

/** Writes a name as RFC 4514 has it. */
export function writeName(name: DistinguishedName): string {
  return name
    .toReversed()
    .map((relative) => relative.map(writeAttribute).join('+'))
    .join(',');
}

function writeAttribute({ type, value }: NameAttribute): string {
  const escaped = value
    .replaceAll(/[\\",;+<>=]/g, '\\$&')
    .replaceAll('\0', '\\00')
    .replace(/^[ #]/, '\\$&')
    .replace(/(?<!^\\) $/, '\\ ');
  return `${WRITTEN.get(type) ?? type}=${escaped}`;
}

/** Whether two names are the same (RFC 5280 §7.1, simplified: case and width of characters, runs of spaces do not count). */
export function isSameName(left: DistinguishedName, right: DistinguishedName): boolean {
  return nameKey(left) === nameKey(right);
}

/** One text for all names that are the same. */
export const nameKey = (name: DistinguishedName): string => JSON.stringify(normalized(name));

function normalized(name: DistinguishedName): readonly (readonly string[])[] {
  return name.map((relative) =>
    relative.map(({ type, value }) => JSON.stringify([type, folded(value)])).toSorted(),
  );
}

function folded(value: string): string {
  // To normalize combining characters takes time quadratic in their number.
  if (value.length > MAX_FOLDED_CHARACTERS) return value;
  const text = value.normalize('NFKC').toLowerCase();
  // Spaces alone: to this language a byte order mark is white space too, and unseen it would make the name that of another.
  return text.replaceAll(/ +/g, ' ').replaceAll(/^ | $/g, '');
}
