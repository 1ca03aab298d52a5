// A UsernameToken with a nonce is good once (UsernameToken Profile 1.1.1 §3.1, xml-security E1).

import { Buffer } from 'node:buffer';
import { validateRemembered } from '#core/decision/fence.ts';
import { type MarkParts, takeMark } from '../one-time-mark.ts';
import { SecurityFailure } from '../security-failure.ts';
import type { UserNameToken } from './user-name-token.ts';

/** Bounds of a nonce, in seconds. */
export interface NonceRules {
  readonly skewSeconds: number;
  /** How old `Created` may be; nonces are remembered as long. */
  readonly nonceLifetimeSeconds: number;
}

/** Refuses a token whose `Created` is out of bounds. Needs no store, so it can come before the password is looked at.
 * @throws {SecurityFailure} `message-expired`, `invalid-security` */
export function validateCreated({ created }: UserNameToken, now: number, rules: NonceRules): void {
  if (created === undefined) return;
  if (created > now + rules.skewSeconds)
    throw new SecurityFailure('invalid-security', 'UsernameToken from the future');
  if (created <= now - rules.nonceLifetimeSeconds - rules.skewSeconds)
    throw new SecurityFailure('message-expired', 'UsernameToken too old');
}

/** Takes the mark of a nonce. To be called once the password is known to be right: whoever does not know it must neither
 * use up the nonces of others nor fill the store. The key is made of decoded bytes, so that it has one spelling (B14).
 * @throws {SecurityFailure} `invalid-security` when it was used before
 * @throws {ExchangeFailure} `dependency-unavailable`, also for a token older than the store */
export async function useNonce(
  { name, nonce, created }: UserNameToken,
  rules: NonceRules,
  parts: MarkParts,
): Promise<void> {
  if (nonce === undefined) return;
  // One without `Created` can be sent again whenever its mark has ended; that it holds the password is all it ever shows.
  if (created !== undefined) validateRemembered(created, parts.fence());
  const mark = ['wsse-nonce', name, Buffer.from(nonce).toString('hex'), String(created ?? '')];
  // From the latest `Created` that is taken to the last moment it is.
  const takenSeconds = rules.nonceLifetimeSeconds + 2 * rules.skewSeconds;
  if (await takeMark(mark, takenSeconds, parts)) return;
  throw new SecurityFailure('invalid-security', 'the nonce was used before', {
    reason: 'token-replayed',
  });
}
