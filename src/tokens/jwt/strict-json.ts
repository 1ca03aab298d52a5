// Reads a JSON object of a token so that no other reader can read it differently (RFC 7493, RFC 8725 §2.4): two
// parsers that pick different duplicates see two different tokens under one signature.
import type { ClaimValue } from '#core/claim.ts';
import { ExchangeFailure } from '#core/failure.ts';

/** The members of an object. A Map: nothing is inherited, so a name such as `constructor` finds nothing. */
export type JsonMembers = ReadonlyMap<string, ClaimValue>;

const MAX_DEPTH = 24;

// Of text that JSON.parse took: strings with the colon that makes them a name, brackets, numbers.
const TOKENS = /"(?:[^"\\]|\\.)*"([ \t\r\n]*:)?|[{}[\]]|-?\d[\d.eE+-]*/g;

const malformed = (detail: string, cause?: unknown): ExchangeFailure =>
  new ExchangeFailure('token-malformed', detail, { cause });

function checkName(name: string, names: Set<string> | undefined): void {
  if (names?.has(name)) throw malformed('a JSON object has a name twice');
  if (name === '__proto__') throw malformed('a JSON object has the name __proto__');
  names?.add(name);
}

function checkScalar(value: unknown): void {
  // A lone surrogate has no UTF-8 form: two ids that differ in it only would be one id in a store.
  if (typeof value === 'string' && !value.isWellFormed())
    throw malformed('a JSON string is not well-formed');
  // A number that was rounded is another number: an id or an amount would change in our hands (RFC 7493 §2.2).
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    if (!Number.isFinite(value) || Number.isInteger(value))
      throw malformed('a JSON number cannot be kept exactly');
  }
}

/** The value of a string or number token. */
function leafOf(token: string): unknown {
  // Compared as decoded: an escaped letter in a name is the same name.
  const isPlain = token.startsWith('"') && !token.includes('\\');
  return isPlain ? token.slice(1, -1) : JSON.parse(token);
}

function checkLeaf(token: string, colon: string | undefined, names: Set<string> | undefined): void {
  const value = leafOf(colon === undefined ? token : token.slice(0, -colon.length));
  checkScalar(value);
  if (colon !== undefined) checkName(String(value), names);
}

/** Walks valid JSON text for what JSON.parse lets pass. */
function checkMembers(text: string): void {
  // The names seen in each open object; undefined for an open array.
  const open: (Set<string> | undefined)[] = [];
  for (const [token, colon] of text.matchAll(TOKENS)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else checkLeaf(token, colon, open.at(-1));
    if (open.length > MAX_DEPTH) throw malformed('JSON is nested too deep');
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
  checkMembers(text);
  return members;
}
