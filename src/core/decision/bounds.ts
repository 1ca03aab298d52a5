// How long a decision lasts and what it uses up.

import { ExchangeFailure } from '../failure.ts';
import type { Instant } from '../instant.ts';
import type { ValidatedToken } from '../security-token.ts';
import type { OnceMark } from '../token-spec.ts';
import type { Evidence } from './evidence.ts';
import { type AllGrounds, longestLifetimeSeconds } from './grounds.ts';

/** The end of the token: the earliest of every row, every target, the subject token, the actor token and the wish.
 * @throws {ExchangeFailure} `lifetime-not-possible`, `token-expired` */
export function decideExpiry(
  { request, subject, actor }: Evidence,
  grounds: AllGrounds,
  now: Instant,
): Instant {
  const wish = request.lifetimeSeconds ?? Number.POSITIVE_INFINITY;
  if (!(wish > 0)) throw new ExchangeFailure('lifetime-not-possible', 'no lifetime was asked for');
  const expiry = Math.floor(
    Math.min(
      now + Math.min(longestLifetimeSeconds(grounds), wish),
      subject.lifetime.notOnOrAfter,
      actor?.lifetime.notOnOrAfter ?? Number.POSITIVE_INFINITY,
    ),
  );
  // Within the skew a token may still be accepted; a token made from it would be born dead. Written so that NaN is refused:
  // a bound that is no number must not become a token without an end.
  if (!(expiry > now))
    throw new ExchangeFailure('token-expired', 'nothing is left of the lifetime');
  return expiry;
}

function onceUntil(token: ValidatedToken, isSingleUse: boolean): Instant | undefined {
  if (!isSingleUse) return token.onceUntil;
  const { lifetime, onceUntil: until = 0, presentableUntil = 0 } = token;
  // The latest of all: a mark that ends before its token does lets it in again.
  return Math.max(until, presentableUntil, lifetime.notOnOrAfter);
}

/** The one-time mark of a token, until then at least: a mark that is gone while the token can still be renewed, after its end too,
 * would let it in again.
 * @throws {ExchangeFailure} `token-malformed`: without an id it could be used again */
export function onceMark(
  { id, issuer, renewableUntil = 0 }: ValidatedToken,
  until: Instant,
): OnceMark {
  if (id === undefined)
    throw new ExchangeFailure('token-malformed', 'a one-time token needs an id');
  return { token: { issuer, id }, until: Math.max(until, renewableUntil) };
}

/** The one-time marks to take: of evidence that is one-time by itself, and of a subject token that any row makes one-time.
 * @throws {ExchangeFailure} `token-malformed`: without an id, or with no time of issue, it could be used again */
export function onceMarks({ subject, actor }: Evidence, grounds: AllGrounds): readonly OnceMark[] {
  const isSingleUse =
    grounds.some(({ row }) => row.grant.singleUse) && subject.type !== 'requestor';
  const marks: OnceMark[] = [];
  for (const token of [subject, actor]) {
    if (!token) continue;
    const until = onceUntil(token, isSingleUse && token === subject);
    if (until === undefined) continue;
    const mark = onceMark(token, until);
    // Else nobody could tell whether a store that lost its memory has seen it.
    if (token.issuedAt === undefined && token.onceUntil === undefined)
      throw new ExchangeFailure('token-malformed', 'a one-time token must say when it was issued');
    marks.push(mark);
  }
  return marks;
}
