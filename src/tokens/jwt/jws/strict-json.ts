// Reads a JSON object of a token so that no other reader can read it differently (RFC 7493, RFC 8725 §2.4): two
// parsers that pick different duplicates see two different tokens under one signature.
import type { ClaimValue } from '#core/claims/claim.ts';
import { ExchangeFailure } from '#core/failure.ts';

/** The members of an object. A Map: nothing is inherited, so a name such as `constructor` finds nothing. */
export type JsonMembers = ReadonlyMap<string, ClaimValue>;

const MAX_DEPTH = 24;

const malformed = (detail: string): ExchangeFailure =>
  new ExchangeFailure('token-malformed', detail);

function validateName(name: string, names: Set<string> | undefined): void {
  if (names?.has(name)) throw malformed('a JSON object has a name twice');
  if (name === '__proto__') throw malformed('a JSON object has the name __proto__');
  names?.add(name);
}

function validateScalar(value: unknown): void {
  // A lone surrogate has no UTF-8 form: two ids that differ in it only would be one id in a store.
  if (typeof value === 'string' && !value.isWellFormed())
    throw malformed('a JSON string is not well-formed');
  // A number that was rounded is another number: an id or an amount would change in our hands (RFC 7493 §2.2).
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    if (!Number.isFinite(value) || Number.isInteger(value))
      throw malformed('a JSON number cannot be kept exactly');
  }
}

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a];
const [OBJECT, OBJECT_END, LIST, LIST_END] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Where the string that starts at `start` ends, behind its quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    at += code === BACKSLASH ? 2 : 1;
  }
  throw malformed('a JSON string has no end');
}

const isBlank = (code: number): boolean =>
  code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;

/** Whether what stands before `at` is a name: a colon follows. */
function isName(text: string, at: number): boolean {
  let next = at;
  while (isBlank(text.charCodeAt(next))) next += 1;
  return text.charCodeAt(next) === COLON;
}

/** The value of a string as written. Names are compared as decoded: an escaped letter in a name is the same name. */
const stringOf = (text: string, start: number, end: number): string => {
  const inner = text.slice(start + 1, end - 1);
  return inner.includes('\\') ? (JSON.parse(text.slice(start, end)) as string) : inner;
};

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
const isNumberStart = (code: number): boolean => code === 0x2d || isDigit(code);
const isInNumber = (code: number): boolean =>
  isNumberStart(code) || code === 0x2e || code === 0x2b || code === 0x45 || code === 0x65;

function endOfNumber(text: string, start: number): number {
  let at = start + 1;
  while (isInNumber(text.charCodeAt(at))) at += 1;
  return at;
}

/** The names seen in each open object; undefined for an open list. */
type OpenValues = (Set<string> | undefined)[];

function validateBracket(code: number, open: OpenValues): void {
  if (code === OBJECT) open.push(new Set());
  else if (code === LIST) open.push(undefined);
  else if (code === OBJECT_END || code === LIST_END) open.pop();
  if (open.length > MAX_DEPTH) throw malformed('JSON is nested too deep');
}

/** Walks valid JSON text for what JSON.parse lets pass. */
function validateMembers(text: string): void {
  const open: OpenValues = [];
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      const value = stringOf(text, at, end);
      validateScalar(value);
      if (isName(text, end)) validateName(value, open.at(-1));
      at = end;
    } else if (isNumberStart(code)) {
      const end = endOfNumber(text, at);
      validateScalar(Number(text.slice(at, end)));
      at = end;
    } else {
      validateBracket(code, open);
      at += 1;
    }
  }
}

/** The members of a JSON value that must be an object.
 * @throws {ExchangeFailure} `token-malformed` */
export function membersOf(value: ClaimValue | undefined, what: string): JsonMembers {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed(`${what} is not a JSON object`);
  return new Map(Object.entries(value));
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Parses the UTF-8 text of one JSON object.
 * @throws {ExchangeFailure} `token-malformed` */
export function parseStrictObject(bytes: Uint8Array, what: string): JsonMembers {
  let text: string;
  let value: ClaimValue;
  try {
    // A byte order mark stays in the text, and JSON.parse refuses it.
    text = UTF8.decode(bytes);
    value = JSON.parse(text) as ClaimValue;
  } catch {
    // No cause: the parser's message quotes the text.
    throw malformed(`${what} is not JSON in UTF-8`);
  }
  const members = membersOf(value, what);
  validateMembers(text);
  return members;
}
