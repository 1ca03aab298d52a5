// What a decision uses up: the one-time marks of its evidence.
import { ExchangeFailure } from '../failure.ts';
import type { Instant } from '../instant.ts';
import type { ValidatedToken } from '../token/security-token.ts';
import type { OnceMark } from '../token/token-spec.ts';
import type { Evidence } from './evidence.ts';
import type { GrantedTargets } from './granted-targets.ts';

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
export function onceMarks(
  { subject, actor }: Evidence,
  granted: GrantedTargets,
): readonly OnceMark[] {
  const isSingleUse =
    granted.some(({ row }) => row.grant.singleUse) && subject.type !== 'requestor';
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
