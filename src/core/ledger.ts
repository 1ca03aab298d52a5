// What was issued from what. Revoking a token kills all that was made from it, on either front.
import type { Clock, Instant } from './instant.ts';
import type { Store, StoreKey } from './ports.ts';
import type { TokenRef } from './security-token.ts';
import type { TokenSpec } from './token-spec.ts';

/** Bump when the stored form changes; readers take this and the one before. */
const LEDGER_VERSION = 1;

interface LedgerEntry {
  readonly v: number;
  /** All tokens above it, nearest first. */
  readonly ancestors: readonly TokenRef[];
  readonly clientId: string;
  readonly targets: readonly string[];
  readonly notOnOrAfter: Instant;
}

export interface Ledger {
  /** Records a token with its whole ancestry. */
  record(spec: TokenSpec): Promise<void>;
  /** Whether the token or anything it was made from is revoked. */
  isRevoked(token: TokenRef): Promise<boolean>;
  /** Revokes the token until `until`; its descendants cannot outlive it. */
  revoke(token: TokenRef, until: Instant): Promise<void>;
}

const entryKey = (token: TokenRef): StoreKey => ({
  class: 'ledger',
  parts: [token.issuer, token.id],
});
const tombstoneKey = (token: TokenRef): StoreKey => ({
  class: 'revoked',
  parts: [token.issuer, token.id],
});

/** A ledger over a store. `marginSeconds` is kept on top of every lifetime for clocks that differ. */
export function createLedger(store: Store, clock: Clock, marginSeconds: number): Ledger {
  const lifetimeUntil = (until: Instant): number =>
    Math.max(until - clock.now(), 0) + marginSeconds;

  async function ancestorsOf(token: TokenRef): Promise<readonly TokenRef[]> {
    const text = await store.get(entryKey(token));
    if (text === undefined) return [];
    return (JSON.parse(text) as LedgerEntry).ancestors;
  }

  return {
    async record(spec) {
      const lines = await Promise.all(spec.parents.map(ancestorsOf));
      const entry: LedgerEntry = {
        v: LEDGER_VERSION,
        ancestors: spec.parents.flatMap((parent, index) => [parent, ...(lines[index] ?? [])]),
        clientId: spec.clientId,
        targets: spec.relyingParties,
        notOnOrAfter: spec.lifetime.notOnOrAfter,
      };
      const key = entryKey({ issuer: spec.issuer, id: spec.tokenId });
      await store.set(key, JSON.stringify(entry), lifetimeUntil(spec.lifetime.notOnOrAfter));
    },
    async isRevoked(token) {
      const line = [token, ...(await ancestorsOf(token))];
      return store.isRevoked(line.map(tombstoneKey));
    },
    async revoke(token, until) {
      await store.revoke([tombstoneKey(token)], lifetimeUntil(until));
    },
  };
}
