// What a family of refresh tokens was granted for, as it is stored: the evidence of the first exchange, so that policy can be
// asked anew, and the bounds that no renewal may leave.

import { ExchangeFailure } from '../failure.ts';
import type { Instant } from '../instant.ts';
import { type LedgerEntry, trustOf } from '../ledger/ledger-entry.ts';
import { BEARER } from '../token/confirmation.ts';
import {
  acceptToken,
  type TokenFacts,
  type TokenRef,
  type ValidatedToken,
} from '../token/security-token.ts';
import type { TokenSpec } from '../token/token-spec.ts';

/** Bump when the stored form changes. */
const GRANT_VERSION = 1;

/** The bounds of a family. */
export interface FamilyGrant {
  readonly clientId: string;
  /** Ids of relying parties. */
  readonly targets: readonly string[];
  readonly scopes: readonly string[];
  readonly issuedAt: Instant;
  /** The absolute end of the family. */
  readonly notOnOrAfter: Instant;
}

/** The evidence, without what a renewal decides anew: lifetime, lineage, one-time use. */
type StoredFacts = Pick<
  TokenFacts,
  | 'type'
  | 'writtenType'
  | 'trustedIssuer'
  | 'subject'
  | 'subjectPrefix'
  | 'authentication'
  | 'claims'
  | 'audiences'
  | 'originClient'
> &
  // Absent in grants of earlier releases. Not those that were granted: policy would see what the client chose to ask for.
  Partial<Pick<TokenFacts, 'scopes'>>;

interface StoredGrant extends FamilyGrant {
  readonly v: number;
  readonly evidence: StoredFacts;
}

/** The stored form.
 * @throws {ExchangeFailure} `renewal-not-possible` for evidence that is bound to a key: the proof cannot be asked for later */
export function writeGrant(subject: ValidatedToken, spec: TokenSpec): string {
  if (subject.confirmation.method !== 'bearer')
    throw new ExchangeFailure('renewal-not-possible', 'the evidence is bound to a key');
  const { audiences, authentication, claims, originClient, scopes, subjectPrefix, writtenType } =
    subject;
  const stored: StoredGrant = {
    v: GRANT_VERSION,
    clientId: spec.clientId,
    targets: spec.relyingParties,
    scopes: spec.scopes,
    issuedAt: spec.issuedAt,
    notOnOrAfter: spec.lifetime.notOnOrAfter,
    evidence: {
      type: subject.type,
      ...(writtenType && { writtenType }),
      trustedIssuer: subject.trustedIssuer,
      subject: subject.subject,
      claims,
      scopes,
      audiences,
      ...(subjectPrefix !== undefined && { subjectPrefix }),
      ...(authentication && { authentication }),
      ...(originClient !== undefined && { originClient }),
    },
  };
  return JSON.stringify(stored);
}

interface Place {
  /** The family, under the name that the ledger has for it. */
  readonly ref: TokenRef;
  readonly entry: Pick<LedgerEntry, 'ancestors'> & Parameters<typeof trustOf>[0];
}

/** Reads the stored form: the bounds, and the evidence as a decision takes it. What is made from it descends from the family.
 * @throws {Error} for a form of another release */
export function parseGrant(
  text: string,
  { ref, entry }: Place,
): { readonly grant: FamilyGrant; readonly subject: ValidatedToken } {
  const { v, evidence, ...grant } = JSON.parse(text) as StoredGrant;
  if (v !== GRANT_VERSION) throw new Error('a grant of a refresh token of an unknown form');
  const subject = acceptToken({
    scopes: grant.scopes,
    ...evidence,
    ...ref,
    use: 'subject',
    issuedAt: grant.issuedAt,
    lifetime: { notBefore: grant.issuedAt, notOnOrAfter: grant.notOnOrAfter },
    confirmation: BEARER,
    actors: [],
    ancestors: entry.ancestors,
    ...trustOf(entry),
  });
  return { grant, subject };
}
