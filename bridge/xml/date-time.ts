// xs:dateTime in UTC only (xml-security E2): a local time has no meaning between two parties.

import { XmlFailure } from './failure.ts';

// No calendar of XML has a year 0; 24:00 would be another day, and a leap second is none that we count.
const DATE_TIME =
  /^(?!0000)\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|\+00:00)$/;

/** Reads an instant as whole epoch seconds; a fraction of any length is cut off.
 * @throws {XmlFailure} `text-malformed` on another zone, no zone, or a day or time that does not exist */
export function parseDateTime(text: string): number {
  const instant = DATE_TIME.test(text) ? new Date(`${text.slice(0, 19)}Z`) : undefined;
  // The runtime takes 31 February for 3 March.
  if (instant?.getUTCDate() !== Number(text.slice(8, 10)))
    throw new XmlFailure('text-malformed', 'dateTime');
  return instant.getTime() / 1000;
}

/** Writes epoch seconds with exactly three fraction digits and `Z` (ws-trust W7). */
export function writeDateTime(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString();
}
