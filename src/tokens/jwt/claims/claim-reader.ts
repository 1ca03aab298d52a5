// Reads single members of a claims set: present and of the right form, or absent. Everything else is malformed.
import type { ClaimValue } from '#core/claims/claim.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { Instant } from '#core/instant.ts';
import type { JsonMembers } from '../jws/strict-json.ts';

/** The end of the year 9999: later instants overflow dates, databases and other people's verifiers. */
const MAX_INSTANT: Instant = 253_402_300_799;

const malformed = (name: string, form: string): ExchangeFailure =>
  new ExchangeFailure('token-malformed', `${name} is not ${form}`);

/** A string that is not blank, or undefined.
 * @throws {ExchangeFailure} `token-malformed` */
export function stringClaim(claims: JsonMembers, name: string): string | undefined {
  const value = claims.get(name);
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value.trim() === '') throw malformed(name, 'a string with text');
  return value;
}

/** A string that must be there.
 * @throws {ExchangeFailure} `token-malformed` */
export function requiredString(claims: JsonMembers, name: string): string {
  const value = stringClaim(claims, name);
  if (value === undefined) throw new ExchangeFailure('token-malformed', `${name} is missing`);
  return value;
}

/** Whole epoch seconds, or undefined. RFC 7519 §2 allows fractions; nobody needs them, and rounding moves a limit.
 * @throws {ExchangeFailure} `token-malformed` */
export function instantClaim(claims: JsonMembers, name: string): Instant | undefined {
  const value = claims.get(name);
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > MAX_INSTANT)
    throw malformed(name, 'an instant in whole seconds');
  return value;
}

const UTC_TEXT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

/** The same, or as text in UTC, less the part of a second: so AD FS writes `auth_time` in access tokens.
 * @throws {ExchangeFailure} `token-malformed` */
export function loginInstantClaim(claims: JsonMembers, name: string): Instant | undefined {
  const value = claims.get(name);
  if (typeof value !== 'string') return instantClaim(claims, name);
  const milliseconds = UTC_TEXT.test(value) ? Date.parse(value) : -1;
  // A day that the month has not would be one of the next month.
  if (!(milliseconds >= 0) || !new Date(milliseconds).toISOString().startsWith(value.slice(0, 19)))
    throw malformed(name, 'an instant in seconds or in UTC');
  return Math.floor(milliseconds / 1000);
}

const isText = (value: ClaimValue): value is string =>
  typeof value === 'string' && value.trim() !== '';

/** A list of strings, or undefined.
 * @throws {ExchangeFailure} `token-malformed` */
export function stringsClaim(claims: JsonMembers, name: string): readonly string[] | undefined {
  const value = claims.get(name);
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw malformed(name, 'a list of strings');
  const values: readonly ClaimValue[] = value;
  if (!values.every(isText)) throw malformed(name, 'a list of strings');
  return values;
}

/** A string as a list of one, a list as it is, or undefined.
 * @throws {ExchangeFailure} `token-malformed` */
export function stringOrStrings(claims: JsonMembers, name: string): readonly string[] | undefined {
  if (Array.isArray(claims.get(name))) return stringsClaim(claims, name);
  const value = stringClaim(claims, name);
  return value === undefined ? undefined : [value];
}
