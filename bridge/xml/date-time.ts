// xs:dateTime in UTC only (xml-security E2): a local time has no meaning between two parties.

import { XmlFailure } from './failure.ts';

const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|\+00:00)$/;

/** Reads an instant as whole epoch seconds; a fraction of any length is cut off.
 * @throws {XmlFailure} `text-malformed` on another zone, no zone, or a day or time that does not exist */
export function parseDateTime(text: string): number {
  const match = DATE_TIME.exec(text);
  if (match === null) throw new XmlFailure('text-malformed', 'dateTime');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map(Number);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  // An overflow (30 February, 24:00, a leap second) would move a later field: then it is not what was written.
  const isReal = date.toISOString().startsWith(text.slice(0, 19));
  if (year === 0 || !isReal) throw new XmlFailure('text-malformed', 'dateTime does not exist');
  return date.getTime() / 1000;
}

/** Writes epoch seconds with exactly three fraction digits and `Z` (ws-trust W7). */
export function writeDateTime(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString();
}
