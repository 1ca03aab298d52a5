// What a renewal is decided on, and the refusal that most of its rules have.
import type { Evidence } from '../decision/evidence.ts';
import { ExchangeFailure } from '../failure.ts';
import type { Instant } from '../instant.ts';
import type { KnownSecret } from '../ledger/kept-token.ts';
import type { LedgerEntry } from '../ledger/ledger-entry.ts';
import type { Renewal } from '../token/token-spec.ts';

/** What a renewal is decided on. */
export interface RenewalBasis {
  /** Its subject is the token to renew. */
  readonly evidence: Evidence;
  /** What is on record of that token. */
  readonly entry: LedgerEntry | undefined;
  readonly isRevoked: boolean;
  /** The secret it is bound to, where that was kept. */
  readonly secret?: KnownSecret | undefined;
  readonly now: Instant;
  readonly tokenId: string;
}

/** What is on record of a token that can be renewed. */
export interface Renewable {
  readonly entry: LedgerEntry;
  readonly renewal: Renewal;
}

/** @throws {ExchangeFailure} `renewal-not-possible` */
export function refuse(detail: string): never {
  throw new ExchangeFailure('renewal-not-possible', detail);
}
