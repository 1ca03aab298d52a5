// The parameters of a request, as query or JSON: each at most once unless it is a list, and none that we do not know.

import type { ClaimValue } from '#core/claims/claim.ts';
import { ExchangeFailure } from '#core/failure.ts';

/** Parameters by name. */
export type Parameters = ReadonlyMap<string, ClaimValue>;

/** What a request may have. */
export interface ParameterNames {
  readonly single: readonly string[];
  /** May stand several times in a query; a list in JSON. */
  readonly lists: readonly string[];
}

/** All that a request may have, and some more: it is read before anybody knows who asks, and 5,000 of one name took 40 ms. */
const MAX_PARAMETERS = 100;

/** A query as parameters; what stands several times becomes a list.
 * @throws {ExchangeFailure} `request-malformed` */
export function parseQuery(query: string, names: ParameterNames): Parameters {
  const { single, lists } = names;
  const found = new Map<string, string[]>();
  const text = query.replace(/^\?/, '');
  const parts = text === '' ? [] : text.split('&', MAX_PARAMETERS + 1);
  if (parts.length > MAX_PARAMETERS) throw malformed('too many parameters');
  for (const part of parts) {
    const [name, value] = readPair(part);
    found.set(name, [...(found.get(name) ?? []), value]);
  }
  // Which one counts would depend on the reader.
  if (single.some((name) => (found.get(name)?.length ?? 0) > 1))
    throw malformed('a parameter stands twice');
  const parameters = [...found].map(
    ([name, values]) => [name, lists.includes(name) ? values : (values[0] ?? '')] as const,
  );
  return requireKnown(new Map(parameters), names);
}

function readPair(part: string): readonly [name: string, value: string] {
  const at = part.indexOf('=');
  if (at < 1) throw malformed('a parameter has no name or no value');
  return [decode(part.slice(0, at)), decode(part.slice(at + 1))];
}

function decode(text: string): string {
  try {
    // Refuses a broken percent sign and bytes that are not UTF-8.
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    throw new ExchangeFailure('request-malformed', 'a parameter is not well encoded', { cause });
  }
}

/** The same parameters, none of them unknown.
 * @throws {ExchangeFailure} `request-malformed` */
export function requireKnown(members: Parameters, { single, lists }: ParameterNames): Parameters {
  const known = [...single, ...lists];
  if (![...members.keys()].every((name) => known.includes(name)))
    throw malformed('a parameter that is not known here');
  return members;
}

/** A text; undefined where there is none.
 * @throws {ExchangeFailure} `request-malformed` */
export function textOf(parameters: Parameters, name: string): string | undefined {
  const value = parameters.get(name);
  if (value === undefined) return undefined;
  return readText(value, name);
}

function readText(value: ClaimValue | undefined, name: string): string {
  // What follows a NUL is invisible to a store or a directory behind us that is written in C.
  if (typeof value !== 'string' || value === '' || value.includes('\0'))
    throw malformed(`${name} is no text`);
  return value;
}

/** A list of different texts; empty where there is none.
 * @throws {ExchangeFailure} `request-malformed` */
export function textsOf(
  parameters: Parameters,
  name: string,
  maxLength: number,
): readonly string[] {
  const value = parameters.get(name);
  if (value === undefined) return [];
  if (!isList(value) || value.length > maxLength) throw malformed(`${name} is no list we take`);
  const texts = value.map((each) => readText(each, name));
  if (new Set(texts).size !== texts.length) throw malformed(`the same ${name} twice`);
  return texts;
}

const isList = (value: ClaimValue): value is readonly ClaimValue[] => Array.isArray(value);

/** A whole number of seconds above zero; undefined where there is none.
 * @throws {ExchangeFailure} `request-malformed` */
export function secondsOf(parameters: Parameters, name: string): number | undefined {
  const value = parameters.get(name);
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1)
    throw malformed(`${name} is no number of seconds`);
  return value;
}

/** The members of an object; undefined where there is none.
 * @throws {ExchangeFailure} `request-malformed` */
export function objectOf(
  parameters: Parameters,
  name: string,
  names: ParameterNames,
): Parameters | undefined {
  const value = parameters.get(name);
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null || isList(value))
    throw malformed(`${name} is no object`);
  return requireKnown(new Map(Object.entries(value)), names);
}

/** The refusal of a parameter. */
export const malformed = (detail: string): ExchangeFailure =>
  new ExchangeFailure('request-malformed', detail);
