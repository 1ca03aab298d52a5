// What was issued from what. Revoking a token kills all that was made from it, on either front. The tombstone of a token is
// the whole truth about its revocation: what descends from it names it in its entry, and is looked up with it.
import { ExchangeFailure } from '../failure.ts';
import type { Clock, Instant } from '../instant.ts';
import type { Store, StoreKey } from '../ports.ts';
import type { TokenRef, ValidatedToken } from '../token/security-token.ts';
import type { TokenSpec } from '../token/token-spec.ts';
import { type KeptToken, openKept, sealKept, type TokenSeal } from './kept-token.ts';
import { entryOf, type LedgerEntry, parseEntry, writeEntry } from './ledger-entry.ts';
import { saidBy, saidIn } from './said.ts';

/** Why a groundless token is refused. */
export const GROUNDLESS = 'a client, a login or a trust that it rests on has ended';

export interface Standing {
  readonly isRevoked: boolean;
  /** The client, the login, or the trust in an issuer, that it rests on has ended. */
  readonly isGroundless?: true;
  /** Absent: we never issued it, or long ago. */
  readonly entry?: LedgerEntry;
  /** What we kept of it; absent: nothing, or nothing that still opens. */
  readonly kept?: KeptToken;
}

export interface Ledger {
  /** Records a token, unless anything it is made from is revoked: what is revoked between the validation of the evidence
   * and this record must leave no token behind. One round trip.
   * @throws {ExchangeFailure} `token-revoked` */
  record(spec: TokenSpec): Promise<void>;
  /** What is on record of the token, and whether it is revoked itself; not whether what it was made from is. For evidence: its ancestors
   * are looked up when its successor is recorded. One round trip. */
  lookUp(token: TokenRef): Promise<Standing>;
  /** As `lookUp`, but what was made from a revoked token is revoked too. Two round trips, one for a token made from none. */
  standing(token: TokenRef): Promise<Standing>;
  /** Whether a token says what the one on record says; false where that is not on record. */
  hasSaid(entry: LedgerEntry, token: ValidatedToken): boolean;
  /** Revokes the token, and with it the whole chain of renewals that it stands in. The tombstone lives as long as the token and
   * all that can descend from it by now. */
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

export interface LedgerSettings {
  /** Kept on top of every lifetime, for clocks that differ. */
  readonly marginSeconds: number;
  /** Our own issuer names: tokens of others have no entry, so none is looked for. */
  readonly ownIssuers: ReadonlySet<string>;
  /** Absent: nothing is kept of tokens but their record. */
  readonly seal?: TokenSeal;
  /** A digest of what tokens say. */
  readonly digest: (text: string) => string;
  /** Whether the client, the login, or the trust in an issuer, that a token rests on has ended. */
  readonly isGroundless: (
    entry: Pick<LedgerEntry, 'clientId' | 'loginMark' | 'vouchers'>,
  ) => boolean;
  /** How long the last descendant of a token can outlive now: a refresh token outlives the evidence it was granted for. */
  readonly longestDescentSeconds: number;
}

function writeFor(spec: TokenSpec, token: TokenRef, { digest, seal }: LedgerSettings): string {
  const sealed = seal && sealKept(spec, token, seal);
  return writeEntry({
    ...entryOf(spec),
    said: digest(saidIn(spec)),
    ...(sealed !== undefined && { sealed }),
  });
}

/** What the record of a token tells of it. */
function onRecord(
  entry: LedgerEntry,
  token: TokenRef,
  { isGroundless, seal }: LedgerSettings,
): Partial<Standing> {
  const kept = openKept(entry.sealed, token, seal);
  return { entry, ...(isGroundless(entry) && { isGroundless: true }), ...(kept && { kept }) };
}

/** A ledger over a store. */
export function createLedger(store: Store, clock: Clock, settings: LedgerSettings): Ledger {
  const { digest, marginSeconds, ownIssuers, longestDescentSeconds } = settings;
  const secondsUntil = (until: Instant): number => Math.max(until - clock.now(), 0);

  async function find(token: TokenRef): Promise<LedgerEntry | undefined> {
    if (!ownIssuers.has(token.issuer)) return undefined;
    const text = await store.get(entryKey(token));
    return text === undefined ? undefined : parseEntry(text);
  }

  async function lookUp(token: TokenRef): Promise<Standing> {
    const [entry, isRevoked] = await Promise.all([
      find(token),
      store.isRevoked([tombstoneKey(token)]),
    ]);
    return { isRevoked, ...(entry && onRecord(entry, token, settings)) };
  }

  return {
    lookUp,
    async record(spec) {
      const until = Math.max(spec.lifetime.notOnOrAfter, spec.renewal?.notOnOrAfter ?? 0);
      const token = { issuer: spec.issuer, id: spec.tokenId };
      const entry = {
        key: entryKey(token),
        value: writeFor(spec, token, settings),
        lifetimeSeconds: secondsUntil(until) + marginSeconds,
      };
      if (!(await store.setUnlessRevoked(entry, spec.ancestors.map(tombstoneKey))))
        throw new ExchangeFailure('token-revoked', 'made from a revoked token');
    },
    async standing(token) {
      const found = await lookUp(token);
      const { ancestors = [] } = found.entry ?? {};
      if (found.isRevoked || ancestors.length === 0) return found;
      return { ...found, isRevoked: await store.isRevoked(ancestors.map(tombstoneKey)) };
    },
    hasSaid: ({ said }, token) => said === digest(saidBy(token)),
    async revoke(token, until) {
      const renewal = (await find(token))?.renewal;
      const tokens = renewal ? [token, { issuer: token.issuer, id: renewal.family }] : [token];
      // The configuration may have had longer renewals when this one was promised.
      const seconds = Math.max(
        secondsUntil(Math.max(until, renewal?.notOnOrAfter ?? 0)),
        longestDescentSeconds,
      );
      await store.revoke(tokens.map(tombstoneKey), seconds + marginSeconds);
    },
  };
}
