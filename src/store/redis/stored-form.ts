// How values are written in Redis: the version of the form, a space, then what the kind of value needs. Readers take this
// version and the one before; what a later release wrote is refused, never guessed at.
import { ExchangeFailure } from '#core/failure.ts';

/** The form that is written, and the one that the scripts expect. */
export const FORM_VERSION = 1;

const HEAD = `${FORM_VERSION} `;

/** A word without spaces and line ends, whatever is in it. */
export const wordOf = (text: string): string => encodeURIComponent(text);

/** How long something lives, as scripts take it: whole milliseconds. */
export const lifeOf = (milliseconds: number): string => String(Math.ceil(milliseconds));

/** A consumed-once mark: who won. */
export const writeMark = (attempt: string): string => `${HEAD}${wordOf(attempt)}`;

/** A value, behind a line that has nothing but the version. */
export const writeValue = (value: string): string => `${HEAD}\n${value}`;

export const TOMBSTONE = `${HEAD}revoked`;

function bodyOf(text: string): string {
  if (text.startsWith(HEAD)) return text.slice(HEAD.length);
  throw new ExchangeFailure('dependency-unavailable', 'a stored value has a form we do not know');
}

/** The attempt that made a mark.
 * @throws {ExchangeFailure} `dependency-unavailable` for a form of another release */
export function readMark(text: string): string {
  return decodeURIComponent(bodyOf(text));
}

/** What was stored.
 * @throws {ExchangeFailure} `dependency-unavailable` for a form of another release */
export function readValue(text: string): string {
  const body = bodyOf(text);
  return body.slice(body.indexOf('\n') + 1);
}
