// The markup of XML 1.0 without DTDs and processing instructions (xml-security V2): what the grammar does not have is fatal.
// Names are split but not resolved, attributes not compared: that is the parser's.

import { isLegalText, isNcName } from '../characters.ts';
import { XmlFailure } from '../failure.ts';
import { isWhitespace } from '../tree.ts';
import { expandReferences } from './references.ts';

/** A name as written, and its two parts (Namespaces in XML 1.0 §4). */
export interface QualifiedName {
  readonly written: string;
  readonly prefix: string;
  readonly local: string;
}

/** An attribute or a namespace declaration; its value is normalised (XML 1.0 §3.3.3). */
export interface WrittenAttribute {
  readonly name: QualifiedName;
  readonly value: string;
}

/** What is told of a document, in its order. Text may come in several pieces; none comes from outside the root. */
export interface TokenHandler {
  openTag(name: QualifiedName, attributes: readonly WrittenAttribute[]): void;
  closeTag(): void;
  text(text: string): void;
  comment(): void;
}

const TAB = 0x09;
const LINE_FEED = 0x0a;
const SPACE = 0x20;
const EXCLAMATION = 0x21;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const SLASH = 0x2f;
const LESS = 0x3c;
const EQUALS = 0x3d;
const GREATER = 0x3e;
const QUESTION = 0x3f;

const CDATA_START = '<![CDATA[';
const CDATA_END = ']]>';
const COMMENT_START = '<!--';
const NO_ATTRIBUTES: readonly WrittenAttribute[] = Object.freeze([]);

// What a name may go on with, in ASCII: whether it is one is judged as a whole.
const NAME_UNITS = Uint8Array.from({ length: 0x80 }, (_, unit) =>
  /[A-Za-z0-9_:.-]/.test(String.fromCharCode(unit)) ? 1 : 0,
);
const MARKED_TEXT = /&|\]\]>/;
const MARKED_VALUE = /[<&\t\n]/;
const XML_DECLARATION =
  /^<\?xml[\t\n ]+version[\t\n ]*=[\t\n ]*(?:"(1\.[0-9]+)"|'(1\.[0-9]+)')(?:[\t\n ]+encoding[\t\n ]*=[\t\n ]*(?:"([A-Za-z][A-Za-z0-9._-]*)"|'([A-Za-z][A-Za-z0-9._-]*)'))?(?:[\t\n ]+standalone[\t\n ]*=[\t\n ]*(?:"(?:yes|no)"|'(?:yes|no)'))?[\t\n ]*\?>/;

/** Reads a whole document of decoded text, without a byte order mark.
 * @throws {XmlFailure} `not-well-formed`, `encoding-refused`, `doctype-refused`, `processing-instruction-refused`, and
 * what the handler throws */
export function tokenize(text: string, handler: TokenHandler): void {
  if (!isLegalText(text)) refuse('character');
  // XML 1.0 §2.11: a line ends in one way. References to a carriage return are not touched.
  new Tokenizer(text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text, handler).read();
}

class Tokenizer {
  readonly #text: string;
  readonly #handler: TokenHandler;
  readonly #open: QualifiedName[] = [];
  #hasRoot = false;
  #at = 0;

  constructor(text: string, handler: TokenHandler) {
    this.#text = text;
    this.#handler = handler;
  }

  read(): void {
    this.#at = endOfXmlDeclaration(this.#text);
    while (this.#at < this.#text.length) this.#next();
    if (!this.#hasRoot || this.#open.length > 0) refuse('end');
  }

  #next(): void {
    if (this.#unit() !== LESS) return this.#characters();
    const second = this.#text.charCodeAt(this.#at + 1);
    if (second === SLASH) return this.#endTag();
    if (second === EXCLAMATION) return this.#bang();
    // Some canonicalisers digest its content as text while readers skip it (A3).
    if (second === QUESTION)
      throw new XmlFailure('processing-instruction-refused', 'processing instruction');
    this.#startTag();
  }

  #characters(): void {
    const end = this.#indexOf('<', this.#at, this.#text.length);
    const raw = this.#text.slice(this.#at, end);
    this.#at = end;
    if (this.#open.length === 0) {
      if (!isWhitespace(raw)) refuse('text outside the root');
      return;
    }
    if (!MARKED_TEXT.test(raw)) return this.#handler.text(raw);
    if (raw.includes(CDATA_END)) refuse('end of CDATA in text');
    this.#handler.text(expandReferences(raw));
  }

  #bang(): void {
    if (this.#text.startsWith(COMMENT_START, this.#at)) return this.#comment();
    if (this.#text.startsWith(CDATA_START, this.#at)) return this.#cdata();
    if (this.#text.startsWith('<!DOCTYPE', this.#at))
      throw new XmlFailure('doctype-refused', 'document type declaration');
    refuse('declaration');
  }

  // XML 1.0 §2.5: two hyphens end a comment, or are a mistake.
  #comment(): void {
    const end = this.#indexOf('--', this.#at + COMMENT_START.length);
    this.#at = end + 2;
    this.#take(GREATER);
    this.#handler.comment();
  }

  #cdata(): void {
    if (this.#open.length === 0) refuse('CDATA outside the root');
    const start = this.#at + CDATA_START.length;
    const end = this.#indexOf(CDATA_END, start);
    this.#at = end + CDATA_END.length;
    this.#handler.text(this.#text.slice(start, end));
  }

  #startTag(): void {
    if (this.#open.length === 0 && this.#hasRoot) refuse('second root');
    this.#hasRoot = true;
    this.#at += 1;
    const name = this.#name();
    const attributes = this.#attributes();
    const isEmpty = this.#unit() === SLASH;
    if (isEmpty) this.#at += 1;
    this.#take(GREATER);
    this.#handler.openTag(name, attributes);
    if (isEmpty) this.#handler.closeTag();
    else this.#open.push(name);
  }

  #attributes(): readonly WrittenAttribute[] {
    let attributes: WrittenAttribute[] | undefined;
    for (;;) {
      const isSpaced = this.#skipWhitespace();
      const unit = this.#unit();
      if (unit === GREATER || unit === SLASH) return attributes ?? NO_ATTRIBUTES;
      if (!isSpaced) refuse('no space before an attribute');
      (attributes ??= []).push(this.#attribute());
    }
  }

  #attribute(): WrittenAttribute {
    const name = this.#name();
    this.#skipWhitespace();
    this.#take(EQUALS);
    this.#skipWhitespace();
    const quote = this.#unit();
    if (quote !== DOUBLE_QUOTE && quote !== SINGLE_QUOTE) refuse('attribute without quotes');
    const start = this.#at + 1;
    const end = this.#indexOf(quote === DOUBLE_QUOTE ? '"' : "'", start);
    this.#at = end + 1;
    return { name, value: normalizeValue(this.#text.slice(start, end)) };
  }

  #endTag(): void {
    const name = this.#open.pop();
    if (name === undefined || !this.#text.startsWith(name.written, this.#at + 2))
      refuse('end tag without its start');
    this.#at += 2 + name.written.length;
    this.#skipWhitespace();
    this.#take(GREATER);
    this.#handler.closeTag();
  }

  #name(): QualifiedName {
    const text = this.#text;
    const start = this.#at;
    let end = start;
    while (isNameUnit(text.charCodeAt(end))) end += 1;
    this.#at = end;
    return splitName(text.slice(start, end));
  }

  #skipWhitespace(): boolean {
    const start = this.#at;
    while (isSpace(this.#unit())) this.#at += 1;
    return this.#at > start;
  }

  #take(unit: number): void {
    if (this.#unit() !== unit) refuse(`no ${String.fromCharCode(unit)}`);
    this.#at += 1;
  }

  /** The code unit that is next; NaN at the end, which equals nothing. */
  #unit(): number {
    return this.#text.charCodeAt(this.#at);
  }

  #indexOf(sought: string, from: number, otherwise?: number): number {
    const found = this.#text.indexOf(sought, from);
    if (found >= 0) return found;
    return otherwise ?? refuse('unfinished markup');
  }
}

function endOfXmlDeclaration(text: string): number {
  if (!/^<\?xml[\t\n ]/.test(text)) return 0;
  const found = XML_DECLARATION.exec(text);
  if (!found) refuse('XML declaration');
  const [whole, double, single, encodingDouble, encodingSingle] = found;
  const encoding = encodingDouble ?? encodingSingle;
  if ((double ?? single) !== '1.0') throw new XmlFailure('encoding-refused', 'XML version');
  if (encoding !== undefined && encoding.toUpperCase() !== 'UTF-8')
    throw new XmlFailure('encoding-refused', 'encoding declaration');
  return whole.length;
}

/** @throws {XmlFailure} `not-well-formed` unless each part is an NCName */
function splitName(written: string): QualifiedName {
  const colon = written.indexOf(':');
  const prefix = colon < 0 ? '' : written.slice(0, colon);
  const local = written.slice(colon + 1);
  if ((colon >= 0 && !isNcName(prefix)) || !isNcName(local)) refuse('name');
  return { written, prefix, local };
}

function normalizeValue(raw: string): string {
  if (!MARKED_VALUE.test(raw)) return raw;
  if (raw.includes('<')) refuse('less-than sign in an attribute');
  // Before the references: what they stand for is kept as it is.
  return expandReferences(raw.replace(/[\t\n]/g, ' '));
}

const isSpace = (unit: number): boolean => unit === SPACE || unit === LINE_FEED || unit === TAB;

const isNameUnit = (unit: number): boolean => (unit < 0x80 ? NAME_UNITS[unit] === 1 : unit >= 0x80);

function refuse(what: string): never {
  throw new XmlFailure('not-well-formed', what);
}
