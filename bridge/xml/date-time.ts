// xs:dateTime in UTC only (xml-security E2): a local time has no meaning between two parties.

import { XmlFailure } from './failure.ts';

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)$/;

/** Reads an instant as whole epoch seconds; a fraction of any length is cut off.
 * @throws {XmlFailure} `text-malformed` on another zone, no zone, or a day or time that does not exist */
export function parseDateTime(text: string): number {
  if (!DATE_TIME.test(text)) throw new XmlFailure('text-malformed', 'dateTime');
  const milliseconds = Date.parse(`${text.slice(0, 19)}Z`);
  // An overflow (30 February, 24:00) ends on another day: then it is not what was written. A leap second is no date at all.
  const isReal = new Date(milliseconds).getUTCDate() === Number(text.slice(8, 10));
  if (!isReal || text.startsWith('0000'))
    throw new XmlFailure('text-malformed', 'dateTime does not exist');
  return milliseconds / 1000;
}

/** Writes epoch seconds with exactly three fraction digits and `Z` (ws-trust W7). */
export function writeDateTime(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString();
}
