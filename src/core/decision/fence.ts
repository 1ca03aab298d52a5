// A store that lost its memory, or never had one, cannot say "not seen" or "not revoked" of what is older than itself.

import { ExchangeFailure } from '../failure.ts';
import type { Instant } from '../instant.ts';
import { SELF, type ValidatedToken } from '../token/security-token.ts';
import type { TokenSpec } from '../token/token-spec.ts';
import { isCredential } from '../token/token-type.ts';
import type { Evidence } from './evidence.ts';

export interface Fence {
  /** When the store began to remember. */
  readonly issuedBefore: Instant;
  /** How long a grant can be presented after it was issued, seconds. */
  readonly acceptanceSeconds: number;
  /** The longest life of a token of ours, seconds. */
  readonly longestLifetimeSeconds: number;
}

/** Where the memory of the store ends, asked for at each use: it can move. */
export type MemoryEnd = () => Pick<Fence, 'issuedBefore'>;

/** Refuses what is good once and was made before the store began to remember: it may have been used, and its mark be lost.
 * @throws {ExchangeFailure} `dependency-unavailable` */
export function validateRemembered(
  madeAt: Instant,
  { issuedBefore }: Pick<Fence, 'issuedBefore'>,
): void {
  if (madeAt >= issuedBefore) return;
  throw new ExchangeFailure('dependency-unavailable', 'the store does not reach back to this');
}

/** Until when tokens of this kind that are older than the store must be refused. */
function fencedUntil(token: ValidatedToken, fence: Fence): Instant {
  if (token.trustedIssuer === SELF && !isCredential(token.type)) {
    return fence.issuedBefore + fence.longestLifetimeSeconds;
  }
  if (token.onceUntil === undefined) return 0;
  // A grant must be young. What else is good once can be presented for as long as it lasts, and only its issuer knows how long.
  const isYoung = token.use === 'assertion';
  return isYoung ? fence.issuedBefore + fence.acceptanceSeconds : Number.POSITIVE_INFINITY;
}

/** Refuses a token whose one-time mark or tombstone the store may have lost.
 * @throws {ExchangeFailure} `dependency-unavailable` */
export function validateFence(token: ValidatedToken, fence: Fence, now: Instant): void {
  if (now >= fencedUntil(token, fence)) return;
  validateRemembered(token.issuedAt ?? 0, fence);
}

/** Refuses a token that only a policy row made one-time, when it is older than the store: it does not say how long it can be presented,
 * so its mark may be lost for as long as it lives.
 * @throws {ExchangeFailure} `dependency-unavailable` */
export function validateMarkFence({ subject }: Evidence, { once }: TokenSpec, fence: Fence): void {
  if (subject.onceUntil !== undefined) return;
  const isMarked = once.some(
    ({ token: { issuer, id } }) => issuer === subject.issuer && id === subject.id,
  );
  if (isMarked) validateRemembered(subject.issuedAt ?? 0, fence);
}
