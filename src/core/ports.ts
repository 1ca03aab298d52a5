// What core needs of the world. Adapters live outside; each port is narrow.
import type { FailureReason } from './failure.ts';
import type { Instant } from './instant.ts';
import type { TokenRef } from './token/security-token.ts';
import type { TokenType } from './token/token-type.ts';

/** The class of a stored value (docs/operations.md): it decides durability and what an outage means. */
export type StateClass =
  | 'once'
  | 'revoked'
  | 'ledger'
  | 'grant'
  | 'counter'
  | 'tally'
  | 'bucket'
  | 'rotation';

/** A key is hashed by the adapter with a separator between its parts: no part can be mistaken for another. */
export interface StoreKey {
  readonly class: StateClass;
  readonly parts: readonly string[];
  /** Keys with the same tag lie together where the store is spread over servers. It places the key: whoever writes it and
   * whoever reads it give the same. */
  readonly tag?: string;
}

export type PutOnce =
  | { readonly stored: true }
  | { readonly stored: false; readonly attempt: string };

/** From one generation to the next; the first step is from the empty one. */
export interface RotationStep {
  readonly from: string;
  readonly to: string;
}

export type Rotation = 'rotated' | 'repeated' | 'conflict';

/** What is poured into a leaky bucket, which drains by one millisecond each millisecond. */
export interface BucketFill {
  readonly key: StoreKey;
  /** Whole milliseconds, zero or more. */
  readonly milliseconds: number;
  /** The bucket holds no more: what a flood pours beyond it is lost, so that a flood ends with its source. */
  readonly mostMilliseconds: number;
}

/** A value and how long it lives. */
export interface StoreEntry {
  readonly key: StoreKey;
  readonly value: string;
  readonly lifetimeSeconds: number;
}

export interface StoreHealth {
  readonly roundTripMilliseconds: number;
  readonly datasetId: string;
}

/** State shared by all processes. Lifetimes are seconds. Every operation either has happened when it returns or throws.
 * An unknown outcome throws `dependency-unavailable`: where safety needs a negative answer, unknown means no. */
export interface Store {
  /** Atomic insert if absent. The winner's attempt id is kept, so a repeated call of the same attempt knows its own mark. */
  putOnce(key: StoreKey, attempt: string, lifetimeSeconds: number): Promise<PutOnce>;
  /** Whether the mark of `putOnce` stands. That it does not stand gives no right to anything: only `putOnce` does. */
  isMarked(key: StoreKey): Promise<boolean>;
  /** Writes tombstones. Never shortens one that stands. */
  revoke(keys: readonly StoreKey[], lifetimeSeconds: number): Promise<void>;
  /** Whether any of the keys has a tombstone. */
  isRevoked(keys: readonly StoreKey[]): Promise<boolean>;
  /** Compare-and-set of a generation; `repeated` when this very step was taken before. */
  rotate(family: StoreKey, step: RotationStep, lifetimeSeconds: number): Promise<Rotation>;
  get(key: StoreKey): Promise<string | undefined>;
  set(key: StoreKey, value: string, lifetimeSeconds: number): Promise<void>;
  /** Writes unless one of the tombstones is there, in one round trip; false: one is, and the value means nothing. A revocation
   * acknowledged before the call is always seen; one that comes during the call, where a single server holds both. */
  setUnlessRevoked(entry: StoreEntry, tombstones: readonly StoreKey[]): Promise<boolean>;
  /** Adds to a counter and returns the sum. The counter starts at its first use and lives `lifetimeSeconds` from then. To add 0 is
   * to ask: nothing is written. A counter of class `tally` is as durable as a mark. */
  increment(key: StoreKey, by: number, lifetimeSeconds: number): Promise<number>;
  /** Fills leaky buckets, each atomically, and returns their levels in milliseconds, in order. Best effort: nothing here
   * survives a power failure. */
  fillBuckets(fills: readonly BucketFill[]): Promise<readonly number[]>;
  health(): Promise<StoreHealth>;
  close(): Promise<void>;
}

/** For whom a token is counted: its subject and its relying parties, whoever asks. No caller can choose how much they have to bear. */
interface CountedToken {
  /** As tokens of ours name it: one name for one subject, whatever the evidence. Absent: nobody but the client that asks. */
  readonly subjectName?: string;
  readonly relyingParties: readonly string[];
}

/** Counts a token, for all of them or for none.
 * @throws {ExchangeFailure} `rate-limited` */
export type AdmitToken = (token: CountedToken) => void;

/** One party as the audit names it. */
export interface AuditParty {
  readonly issuer: string;
  readonly id: string;
  readonly token?: TokenRef;
  readonly tokenType?: TokenType;
  readonly clientId?: string;
}

export interface AuditRequestor {
  readonly id: string;
  readonly kind: string;
  readonly method: string;
  /** Who vouches for it, where it showed a token. */
  readonly issuer?: string;
}

export interface AuditRecord {
  readonly event:
    | 'token.exchange'
    | 'token.renew'
    | 'token.validate'
    | 'token.revoke'
    | 'replay.detected'
    | 'limit.reached'
    | 'key.rotated'
    | 'config.changed';
  readonly outcome: 'allowed' | 'minted' | 'refused' | 'done';
  readonly correlationId: string;
  readonly operation?: string;
  readonly reason?: FailureReason | 'server-error';
  readonly detail?: string;
  readonly requestor?: AuditRequestor;
  readonly subject?: AuditParty;
  readonly actors?: readonly AuditParty[];
  readonly requestedType?: TokenType;
  readonly grantedType?: TokenType;
  readonly targets?: readonly string[];
  readonly requestedScopes?: readonly string[];
  readonly grantedScopes?: readonly string[];
  readonly policyRows?: readonly string[];
  readonly confirmation?: string;
  readonly token?: TokenRef;
  readonly parents?: readonly TokenRef[];
  readonly notOnOrAfter?: Instant;
  readonly sourceAddress?: string;
}

/** Durable before it returns. The adapter replaces token ids by keyed hashes; tokens themselves are never handed to it. */
export interface AuditLog {
  /** @throws {ExchangeFailure} `dependency-unavailable`: no record, no token */
  append(record: AuditRecord): Promise<void>;
}
