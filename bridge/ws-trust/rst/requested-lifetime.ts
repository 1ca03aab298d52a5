// Lifetime (WS-Trust 1.3 §4.1): a wish that can shorten, in bounds that make sense.

import { ExchangeFailure } from '#core/failure.ts';
import type { Instant } from '#core/instant.ts';
import type { RequestedLifetime } from './rst-request.ts';

/** How old a window that is asked for may be, seconds, besides the skew: the age of the message itself. */
const MAX_AGE_SECONDS = 300;

/** The lifetime that is asked for, in seconds; undefined when none is. Tokens of the future are never issued, so
 * AllowPostdating changes nothing.
 * @throws {ExchangeFailure} `lifetime-not-possible` */
export function lifetimeSecondsOf(
  lifetime: RequestedLifetime | undefined,
  now: Instant,
  skewSeconds: number,
): number | undefined {
  const { created, expires } = lifetime ?? {};
  if (created !== undefined) requireRecent(created, now, skewSeconds);
  if (expires === undefined) return undefined;
  const seconds = expires - Math.max(created ?? now, now);
  if (seconds <= 0 || expires <= (created ?? now)) throw refusal('is empty');
  return seconds;
}

function requireRecent(created: Instant, now: Instant, skewSeconds: number): void {
  if (created > now + skewSeconds) throw refusal('begins in the future');
  if (created < now - skewSeconds - MAX_AGE_SECONDS) throw refusal('begins far in the past');
}

function refusal(detail: string): ExchangeFailure {
  return new ExchangeFailure('lifetime-not-possible', `the requested lifetime ${detail}`);
}
