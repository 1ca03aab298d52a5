// xs:duration as metadata uses it for cacheDuration (SAML Metadata 2.0 §2.3): a length of time, not a date.

import { XmlFailure } from '#bridge/xml/failure.ts';

const DURATION = /^P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9})(?:\.\d+)?S)?)?$/;

/** Reads a duration as seconds. Years and months are refused: how long they are depends on when they begin.
 * @throws {XmlFailure} `text-malformed` */
export function parseDuration(text: string): number {
  const match = DURATION.exec(text);
  // At least one number, and a number behind every T.
  if (match === null || !/\d/.test(text) || text.endsWith('T'))
    throw new XmlFailure('text-malformed', 'duration');
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match
    .slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}
