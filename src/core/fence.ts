// A store that lost its memory, or never had one, cannot say "not seen" or "not revoked" of what is older than itself.
import type { Evidence } from './evidence.ts';
import { ExchangeFailure } from './failure.ts';
import type { Instant } from './instant.ts';
import { SELF, type ValidatedToken } from './security-token.ts';
import type { TokenSpec } from './token-spec.ts';
import { isCredential } from './token-type.ts';

export interface Fence {
  /** When the store began to remember. */
  readonly issuedBefore: Instant;
  /** How long one-time evidence can be presented after it was issued, seconds. */
  readonly acceptanceSeconds: number;
  /** The longest life of a token of ours, seconds. */
  readonly longestLifetimeSeconds: number;
}

/** Until when tokens of this kind that are older than the store must be refused. */
function fencedUntil(token: ValidatedToken, fence: Fence): Instant {
  if (token.trustedIssuer === SELF && !isCredential(token.type)) {
    return fence.issuedBefore + fence.longestLifetimeSeconds;
  }
  return token.onceUntil === undefined ? 0 : fence.issuedBefore + fence.acceptanceSeconds;
}

/** Refuses a token whose one-time mark or tombstone the store may have lost.
 * @throws {ExchangeFailure} `dependency-unavailable` */
export function validateFence(token: ValidatedToken, fence: Fence | undefined, now: Instant): void {
  if (!fence || now >= fencedUntil(token, fence)) return;
  if ((token.issuedAt ?? 0) < fence.issuedBefore) {
    throw new ExchangeFailure(
      'dependency-unavailable',
      'the store does not reach back to this token',
    );
  }
}

/** Refuses a token that only a policy row made one-time, when it is older than the store: it says nothing of how long it can be
 * presented, so its mark may be lost as long as it lives.
 * @throws {ExchangeFailure} `dependency-unavailable` */
export function validateMarkFence(
  { subject }: Evidence,
  { once }: TokenSpec,
  fence: Fence | undefined,
): void {
  if (!fence || subject.onceUntil !== undefined) return;
  const isMarked = once.some(({ token: { issuer, id } }) => {
    return issuer === subject.issuer && id === subject.id;
  });
  if (isMarked && (subject.issuedAt ?? 0) < fence.issuedBefore) {
    throw new ExchangeFailure(
      'dependency-unavailable',
      'the store does not reach back to this token',
    );
  }
}
