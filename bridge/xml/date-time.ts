// xs:dateTime in UTC only (xml-security E2): a local time has no meaning between two parties.

import { XmlFailure } from './failure.ts';

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)$/;

/** Reads an instant as whole epoch seconds; a fraction of any length is cut off.
 * @throws {XmlFailure} `text-malformed` on another zone, no zone, or a day or time that does not exist */
export function parseDateTime(text: string): number {
  if (!DATE_TIME.test(text)) throw new XmlFailure('text-malformed', 'dateTime');
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  const hour = digits(text, 11, 13);
  const minute = digits(text, 14, 16);
  const second = digits(text, 17, 19);
  const isDay = year > 0 && month > 0 && day > 0 && day <= daysOf(month, year);
  // 24:00 would be another day, and a leap second is none that we count.
  if (!isDay || hour > 23 || minute > 59 || second > 59)
    throw new XmlFailure('text-malformed', 'dateTime does not exist');
  return daysTo(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
}

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) value = value * 10 + text.charCodeAt(at) - 0x30;
  return value;
}

/** How many days a month has; none where there is no such month. */
function daysOf(month: number, year: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  if (month > 12) return 0;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

const SECONDS_PER_DAY = 86_400;
/** 1 January of the year 10000. */
const END_OF_YEARS = 253_402_300_800;

/** Writes epoch seconds with exactly three fraction digits and `Z` (ws-trust W7). */
export function writeDateTime(epochSeconds: number): string {
  const isPlain =
    Number.isInteger(epochSeconds) && epochSeconds >= 0 && epochSeconds < END_OF_YEARS;
  if (!isPlain) return new Date(epochSeconds * 1000).toISOString();
  // The runtime takes several times as long, and an assertion has five of them.
  const days = Math.floor(epochSeconds / SECONDS_PER_DAY);
  const seconds = epochSeconds - days * SECONDS_PER_DAY;
  const hour = Math.floor(seconds / 3600);
  const minute = Math.floor(seconds / 60) % 60;
  return `${writeDay(days)}T${two(hour)}:${two(minute)}:${two(seconds % 60)}.000Z`;
}

const DAYS_PER_ERA = 146_097;
const DAYS_TO_1970 = 719_468;

function daysTo(year: number, month: number, day: number): number {
  const fromMarch = month > 2 ? year : year - 1;
  const era = Math.floor(fromMarch / 400);
  const yearOfEra = fromMarch - era * 400;
  const monthFromMarch = month > 2 ? month - 3 : month + 9;
  const dayOfYear = Math.floor((153 * monthFromMarch + 2) / 5) + day - 1;
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  return era * DAYS_PER_ERA + yearOfEra * 365 + leapDays + dayOfYear - DAYS_TO_1970;
}

// Years that begin in March, in eras of 400: so the leap day is the last of its year, and months have a rule.
function writeDay(daysSince1970: number): string {
  const days = daysSince1970 + DAYS_TO_1970;
  const era = Math.floor(days / DAYS_PER_ERA);
  const dayOfEra = days - era * DAYS_PER_ERA;
  const leapDays =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${year}-${two(month)}-${two(day)}`;
}

const two = (value: number): string => (value < 10 ? `0${value}` : `${value}`);
