// Evidence before and after validation. What a validator returned is branded: nothing else may reach a decision.
import type { ClaimSet } from '../claims/claim.ts';
import type { Actor, Authentication, MayAct, Subject } from '../claims/subject.ts';
import type { Instant, Lifetime } from '../instant.ts';
import type { Confirmation } from './confirmation.ts';
import type { TokenType } from './token-type.ts';

/** What the evidence is presented for. An `assertion` is a grant by itself and therefore one-time (RFC 7521 §4.1). In its
 * `lifecycle` a token of ours is renewed or revoked, and nothing else: it may have ended, or not be good yet. */
export type TokenUse = 'subject' | 'actor' | 'assertion' | 'lifecycle';

/** Untrusted evidence of a declared type: the text as received, or the already parsed node. Opaque to core. */
export interface SecurityToken {
  readonly type: TokenType;
  readonly use: TokenUse;
  readonly content: string | object;
}

/** The name of one token: unique within its issuer. */
export interface TokenRef {
  readonly issuer: string;
  readonly id: string;
}

/** That name as one text. */
export const tokenName = ({ issuer, id }: TokenRef): string => JSON.stringify([issuer, id]);

/** What a validator found out about a token. */
export interface TokenFacts {
  /** As it was declared. */
  readonly type: TokenType;
  /** What it is by its own word, where it was declared as something wider: an access token of ours is taken as a JWT, too. Rows about
   * either are about it. */
  readonly writtenType?: TokenType;
  readonly use: TokenUse;
  /** The `issuer` of the token, as its issuer spells itself. */
  readonly issuer: string;
  /** The configured id of that trusted issuer; `self` for our own tokens. */
  readonly trustedIssuer: string;
  readonly id?: string;
  readonly subject: Subject;
  /** Put before the id where it must be unique among all issuers; absent: the id is ours already. */
  readonly subjectPrefix?: string;
  readonly authentication?: Authentication;
  readonly claims: ClaimSet;
  readonly scopes: readonly string[];
  readonly issuedAt?: Instant;
  /** When the key of a token of ours was superseded, where it is published no longer. */
  readonly signedBefore?: Instant;
  readonly lifetime: Lifetime;
  readonly confirmation: Confirmation;
  readonly audiences: readonly string[];
  /** A token of ours that does not say for whom it is. Until the ledger has told, it is for nobody. */
  readonly omitsAudience?: boolean;
  /** The client it was issued to. */
  readonly originClient?: string;
  readonly actors: readonly Actor[];
  readonly mayAct?: MayAct;
  /** How often others may still have tokens made of it; absent: nobody has set an end. */
  readonly delegations?: number;
  /** Until when it can be presented, where that is later than the end of its lifetime. */
  readonly presentableUntil?: Instant;
  /** The key and lifetime of the one-time mark, when the trusted issuer's record or the use makes it one-time. */
  readonly onceUntil?: Instant;
  /** The absolute end of its renewals, as the ledger knows it; absent: it cannot be renewed. */
  readonly renewableUntil?: Instant;
  /** How often its chain was renewed before it, as the ledger knows it; absent: it cannot be renewed. */
  readonly renewals?: number;
  /** It was about a user of ours when it was issued, as the ledger knows. */
  readonly isOfUser?: true;
  /** Marks what a user of ours logged in with, where it rests on that: with another password it is another one. Of a token as the ledger
   * knows it. */
  readonly loginMark?: string;
  /** What somebody came with, where it rests on a certificate that may be revoked: that certificate, and those on its path that came with
   * it. DER in base64. Of a token as the ledger knows them. */
  readonly loginCertificates?: readonly string[];
  /** All tokens it was made from, nearest first, as the ledger knows them. */
  readonly ancestors?: readonly TokenRef[];
  /** Where its line began, if not with itself. */
  readonly root?: TokenRef;
  /** Ids of the trusted issuers on whose word a token or credential of ours rests; of a token as the ledger knows them. Absent: on nobody's. */
  readonly vouchers?: readonly string[];
}

declare const validated: unique symbol;

/** A token that was validated. Only validators make it: `acceptToken` is closed to all others by the architecture test. */
export type ValidatedToken = TokenFacts & { readonly [validated]: true };

/** Brands the facts of a token whose signature, issuer, audience and time were checked. */
export function acceptToken(facts: TokenFacts): ValidatedToken {
  return Object.freeze(facts) as ValidatedToken;
}

/** The `trustedIssuer` of tokens that we issued ourselves. */
export const SELF = 'self';
