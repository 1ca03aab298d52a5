// xs:dateTime in UTC only (xml-security E2): a local time has no meaning between two parties.

import { XmlFailure } from './failure.ts';

// No calendar of XML has a year 0; 24:00 would be another day, and a leap second is none that we count.
const DATE_TIME =
  /^(?!0000)\d{4}-(?:0[1-9]|1[0-2])-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|\+00:00)$/;

// The calendar repeats itself after 400 years. `Date.UTC` takes years below 100 for those of the twentieth century.
const CYCLE_YEARS = 400;
const CYCLE_SECONDS = 146_097 * 86_400;

const ZERO = 0x30;

const twoDigits = (text: string, at: number): number =>
  10 * (text.charCodeAt(at) - ZERO) + text.charCodeAt(at + 1) - ZERO;

/** Reads an instant as whole epoch seconds; a fraction of any length is cut off. By its digits: `Date.parse` takes three times as long, and
 * an assertion has six instants.
 * @throws {XmlFailure} `text-malformed` on another zone, no zone, or a day or time that does not exist */
export function parseDateTime(text: string): number {
  if (!DATE_TIME.test(text)) throw malformed();
  const two = (at: number): number => twoDigits(text, at);
  const year = 100 * two(0) + two(2) + CYCLE_YEARS;
  const milliseconds = Date.UTC(year, two(5) - 1, two(8), two(11), two(14), two(17));
  // The runtime takes 31 February for 3 March.
  if (new Date(milliseconds).getUTCDate() !== two(8)) throw malformed();
  return milliseconds / 1000 - CYCLE_SECONDS;
}

const malformed = (): XmlFailure => new XmlFailure('text-malformed', 'dateTime');

/** Writes epoch seconds with exactly three fraction digits and `Z` (ws-trust W7). */
export function writeDateTime(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString();
}
