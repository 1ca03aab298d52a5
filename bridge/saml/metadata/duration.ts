// xs:duration as metadata uses it for cacheDuration (SAML Metadata 2.0 §2.3, XML Schema 2 §3.2.6): a length of time, not a date.

import { XmlFailure } from '#bridge/xml/failure.ts';

const DURATION =
  /^P(?:(\d{1,10})Y)?(?:(\d{1,10})M)?(?:(\d{1,10})D)?(?:T(?:(\d{1,10})H)?(?:(\d{1,10})M)?(?:(\d{1,10})(?:\.\d+)?S)?)?$/;

/** Days as few as they can be: how long a year or a month is depends on when it begins, and what is kept too long was withdrawn. */
const YEAR_DAYS = 365;
const MONTH_DAYS = 28;

/** Reads a duration as seconds.
 * @throws {XmlFailure} `text-malformed`, also for one that goes back */
export function parseDuration(text: string): number {
  const match = DURATION.exec(text);
  // At least one number, and a number behind every T.
  if (match === null || !/\d/.test(text) || text.endsWith('T'))
    throw new XmlFailure('text-malformed', 'duration');
  const [years = 0, months = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match
    .slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  const allDays = years * YEAR_DAYS + months * MONTH_DAYS + days;
  return ((allDays * 24 + hours) * 60 + minutes) * 60 + seconds;
}
