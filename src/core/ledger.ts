// What was issued from what. Revoking a token kills all that was made from it, on either front.
import { ExchangeFailure } from './failure.ts';
import type { Clock, Instant } from './instant.ts';
import type { Store, StoreKey } from './ports.ts';
import type { TokenRef } from './security-token.ts';
import type { TokenSpec } from './token-spec.ts';

/** Bump when the stored form changes; readers take this and the one before. */
const LEDGER_VERSION = 1;

interface LedgerEntry {
  readonly v: number;
  /** All tokens above it, parents first. */
  readonly ancestors: readonly TokenRef[];
  readonly clientId: string;
  readonly targets: readonly string[];
  readonly notOnOrAfter: Instant;
}

/** Tokens that one token may descend from: whoever exchanges its own tokens in a ring must not make records without end. */
const ANCESTOR_CEILING = 64;

interface Standing {
  readonly isRevoked: boolean;
  readonly clientId?: string;
}

export interface Ledger {
  /** Records a token with its whole ancestry, then looks once more whether that is still alive: what is revoked between the
   * validation of the evidence and this record must not leave a token behind.
   * @throws {ExchangeFailure} `token-revoked`, `delegation-not-allowed` when the line is too long */
  record(spec: TokenSpec): Promise<void>;
  /** Whether the token or anything it was made from is revoked, and to whom it was issued if we know. */
  standing(token: TokenRef): Promise<Standing>;
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

const nameOf = ({ issuer, id }: TokenRef): string => JSON.stringify([issuer, id]);

/** The parents and all their ancestors, each once.
 * @throws {ExchangeFailure} `delegation-not-allowed` */
function lineOf(
  parents: readonly TokenRef[],
  ancestors: readonly (readonly TokenRef[])[],
): readonly TokenRef[] {
  const line = [...parents, ...ancestors.flat()];
  const unique = [...new Map(line.map((token) => [nameOf(token), token])).values()];
  if (unique.length > ANCESTOR_CEILING)
    throw new ExchangeFailure('delegation-not-allowed', 'the line of tokens is too long');
  return unique;
}

/** Reads a stored entry. One that cannot be read is a bug or an attack on the store, never an empty ancestry. */
function parseEntry(text: string): Pick<LedgerEntry, 'ancestors' | 'clientId'> {
  const entry = JSON.parse(text) as Partial<LedgerEntry>;
  const { ancestors, clientId, v } = entry ?? {};
  if (v !== LEDGER_VERSION || !Array.isArray(ancestors) || typeof clientId !== 'string')
    throw new Error('a ledger entry of an unknown form');
  return { ancestors, clientId };
}

export interface LedgerSettings {
  /** Kept on top of every lifetime, for clocks that differ. */
  readonly marginSeconds: number;
  /** Our own issuer names: tokens of others have no entry, so none is looked for. */
  readonly ownIssuers: ReadonlySet<string>;
}

/** A ledger over a store. */
export function createLedger(
  store: Store,
  clock: Clock,
  { marginSeconds, ownIssuers }: LedgerSettings,
): Ledger {
  const lifetimeUntil = (until: Instant): number =>
    Math.max(until - clock.now(), 0) + marginSeconds;

  async function find(token: TokenRef): Promise<ReturnType<typeof parseEntry> | undefined> {
    if (!ownIssuers.has(token.issuer)) return undefined;
    const text = await store.get(entryKey(token));
    return text === undefined ? undefined : parseEntry(text);
  }

  const ancestorsOf = async (token: TokenRef): Promise<readonly TokenRef[]> =>
    (await find(token))?.ancestors ?? [];

  return {
    async record(spec) {
      const ancestors = lineOf(
        spec.parents,
        await Promise.all(spec.parents.map((parent) => ancestorsOf(parent))),
      );
      const entry: LedgerEntry = {
        v: LEDGER_VERSION,
        ancestors,
        clientId: spec.clientId,
        targets: spec.relyingParties,
        notOnOrAfter: spec.lifetime.notOnOrAfter,
      };
      const key = entryKey({ issuer: spec.issuer, id: spec.tokenId });
      await store.set(key, JSON.stringify(entry), lifetimeUntil(spec.lifetime.notOnOrAfter));
      // After the write, not before: a revocation from here on comes after the token was made.
      if (ancestors.length > 0 && (await store.isRevoked(ancestors.map(tombstoneKey))))
        throw new ExchangeFailure('token-revoked', 'revoked while its successor was made');
    },
    async standing(token) {
      const { ancestors = [], clientId } = (await find(token)) ?? {};
      const isRevoked = await store.isRevoked([token, ...ancestors].map(tombstoneKey));
      return { isRevoked, ...(clientId !== undefined && { clientId }) };
    },
    async revoke(token, until) {
      await store.revoke([tombstoneKey(token)], lifetimeUntil(until));
    },
  };
}
