// Fields that several sections share, and how a rule says what is wrong.
import { z } from 'zod';
import type { Complaint } from '../problem.ts';

/** A complaint as the parameters of a zod refinement. */
export const rule = (complaint: Complaint) => ({
  error: complaint.what,
  params: { ...complaint },
});

interface Rule {
  readonly what: string;
  readonly why: string;
  readonly fix: string;
}

/** A rule about the value of one field. */
export const valueRule = (said: Rule) => rule({ code: 'CONFIG_INVALID_VALUE', ...said });

/** A rule about fields that do not go together. */
export const conflict = (what: string, why: string, fix: string) =>
  rule({ code: 'CONFIG_CONFLICT', what, why, fix });

const count = (value: object, names: readonly string[]): number =>
  names.filter((name) => Object.hasOwn(value, name)).length;

/** Exactly one of these keys is present: the test and its complaint. */
export const exactlyOne = (
  ...names: readonly string[]
): [(value: object) => boolean, ReturnType<typeof rule>] => [
  (value) => count(value, names) === 1,
  rule({
    code: 'CONFIG_EXACTLY_ONE',
    what: `needs exactly one of ${names.join(', ')}`,
    why: 'with none there is nothing to go by, with several it is open which one counts',
    fix: `keep one of ${names.join(', ')}`,
  }),
];

/** One of these keys at least is present: the test and its complaint. */
export const oneAtLeast = (
  ...names: readonly string[]
): [(value: object) => boolean, ReturnType<typeof rule>] => [
  (value) => count(value, names) > 0,
  rule({
    code: 'CONFIG_MISSING',
    what: `needs one of ${names.join(', ')}`,
    why: 'with none of them the entry does nothing',
    fix: `add one of ${names.join(', ')}`,
  }),
];

/** The name of an entry that others refer to. */
export const entryId = z
  .string()
  .refine(
    (text) => /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/.test(text) && text !== 'any' && text !== 'self',
    valueRule({
      what: 'is not usable as an id',
      why: 'ids appear in logs, metrics and policy; `any` and `self` have a meaning of their own',
      fix: 'use 1 to 128 letters, digits, dots, dashes, underscores or tildes, a letter or digit first',
    }),
  )
  .describe('The name that other entries refer to.');

/** Non-empty text without control and invisible characters. */
export const plainText = z.string().refine(
  (text) => text.length > 0 && text.length <= 2048 && !/[\p{Cc}\p{Cf}]/u.test(text),
  valueRule({
    what: 'is not usable as text',
    why: 'invisible characters make two names look the same; emptiness and great length are mistakes',
    fix: 'write a short text in one line',
  }),
);

/** What stands before the ids of a trusted issuer's subjects in tokens of ours. */
export const subjectPrefix = z
  .string()
  .refine(
    (text) => text.length <= 128 && !/[\p{Cc}\p{Cf}]/u.test(text),
    valueRule({
      what: 'is not usable as a prefix',
      why: 'it becomes a part of names that people compare',
      fix: 'write up to 128 visible characters',
    }),
  )
  .describe(
    'Put before the ids of its subjects in our tokens; default: `<id>:`. Empty only where its ids can be of nobody else.',
  );

/** One scope (RFC 6749 §3.3). */
export const scopeName = z.string().refine(
  (text) => /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(text),
  valueRule({
    what: 'is not one scope',
    why: 'RFC 6749 §3.3: printable ASCII without space, quotation mark and backslash',
    fix: 'write each scope as an element of its own',
  }),
);

/** Whether a text is an absolute URI without a fragment (RFC 8707 §2). */
function isResourceUri(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]*:[^\s#]+$/.test(text) && URL.canParse(text);
}

export const resourceUri = z.string().refine(
  isResourceUri,
  valueRule({
    what: 'is not an absolute URI without a fragment',
    why: 'parties are named by absolute URIs, which are compared as text; a fragment is not allowed (RFC 8707 §2)',
    fix: 'write it in full, as in https://orders.example/ or urn:orders',
  }),
);

const UNRESERVED = /[\w.~-]/;

/** RFC 3986 §6.2.2: what needs no escape is the same with one, and the digits of one have no case. */
const unescaped = (octet: string): string => {
  const character = String.fromCharCode(Number.parseInt(octet.slice(1), 16));
  return UNRESERVED.test(character) ? character : octet.toUpperCase();
};

/** The one spelling of all that are the same URL to who takes it for one (RFC 3986 §6.2.2, §6.2.3); any other text is only itself. */
export function commonSpelling(text: string): string {
  const plain = text.replaceAll(/%[\da-f]{2}/gi, unescaped);
  return URL.canParse(plain) ? new URL(plain).href : text;
}

const LOOPBACK_HOSTS = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]|::1)$/;

/** Whether a host is this machine, an IPv6 address with brackets or without. */
export const isLoopbackHost = (host: string): boolean => LOOPBACK_HOSTS.test(host);

/** Whether a text is an http or https URL without credentials and fragment. */
export function isWebUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || url.username !== '' || url.password !== '' || text.includes('#')) return false;
  return url.protocol === 'https:' || url.protocol === 'http:';
}

/** Where something of others is fetched; `validateFetch` holds plain http against the hosts that may speak it. */
export const fetchUrl = z.string().refine(
  isWebUrl,
  rule({
    code: 'CONFIG_INSECURE',
    what: 'is not an https URL without credentials and fragment',
    why: 'credentials in a URL show in logs; who answers for another scheme is not proved',
    fix: 'use an https URL',
  }),
);

const DAY = /^\d{4}-\d\d-\d\d$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

// The parser takes 30 February for 2 March.
function isOnCalendar(text: string): boolean {
  const day = text.slice(0, 10);
  const start = Date.parse(day);
  return (
    !Number.isNaN(Date.parse(text)) &&
    !Number.isNaN(start) &&
    new Date(start).toISOString().startsWith(day)
  );
}

/** An instant of RFC 3339, kept as text until `instantOf`. */
export const instant = z.string().refine(
  (text) => INSTANT.test(text) && isOnCalendar(text),
  valueRule({
    what: 'is not an instant of RFC 3339',
    why: 'a date without time and zone would mean another moment on another machine',
    fix: 'write it as 2027-01-31T00:00:00Z',
  }),
);

/** Epoch seconds of a checked instant. */
export const instantOf = (text: string): number => Math.floor(Date.parse(text) / 1000);

/** An instant, or a day of RFC 3339: its first moment in UTC. */
export const dayOrInstant = z.string().refine(
  (text) => (DAY.test(text) || INSTANT.test(text)) && isOnCalendar(text),
  valueRule({
    what: 'is neither a day nor an instant of RFC 3339',
    why: 'an exception needs an end that everybody reads alike',
    fix: 'write it as 2027-01-31, its first moment in UTC, or as 2027-01-31T12:00:00Z',
  }),
);

/** One or a list of something. */
export const oneOrMore = <Schema extends z.ZodType>(schema: Schema) =>
  z.union([schema, z.array(schema).nonempty()]);

/** What `oneOrMore` yields, as a list. */
export const listOf = <T>(value: T | readonly T[]): readonly T[] =>
  Array.isArray(value) ? (value as readonly T[]) : [value as T];

/** A whole number of seconds. */
export const seconds = (least: number, most: number) => z.int().min(least).max(most);

/** A token bucket. */
export const rate = z.strictObject({
  requestsPerSecond: z.number().min(0.01).max(100_000).describe('In the long run.'),
  burst: z.int().min(1).max(1_000_000).describe('How many may come at once.'),
});

/** Asymmetric JWT signature algorithms (RFC 7518 §3.1, RFC 9864). `none` and every HMAC are missing on purpose. */
export const signatureAlgorithm = z.enum([
  'ES256',
  'ES384',
  'ES512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'Ed25519',
  'EdDSA',
]);
