// The decision, complete: everything an issuer needs and nothing it must look up.
import type { ClaimSet } from '../claims/claim.ts';
import type { Actor, Authentication, Subject } from '../claims/subject.ts';
import type { Instant, Lifetime } from '../instant.ts';
import type { Confirmation } from './confirmation.ts';
import type { TokenRef } from './security-token.ts';
import type { TokenType } from './token-type.ts';

/** To whom something is encrypted, and how. The names are those of the relying party's record. */
export interface Encryption {
  /** The recipient's certificate, PEM with an RSA key. */
  readonly certificate: string;
  readonly content: 'aes128-gcm' | 'aes192-gcm' | 'aes256-gcm';
  /** OAEP with SHA-256 throughout, or with SHA-1 throughout. */
  readonly keyTransport: 'rsa-oaep-sha256' | 'rsa-oaep-mgf1p';
}

/** The place of a token in a status list. */
export interface StatusPlace {
  readonly list: string;
  readonly index: number;
}

/** On what terms a token can be renewed. */
export interface Renewal {
  /** The id of the first token of the chain of renewals. */
  readonly family: string;
  /** How often the chain was renewed before this token; one that begins with a token of ours goes on counting where that one was. */
  readonly count: number;
  /** Whether a token that has ended can still be renewed. */
  readonly afterExpiry: boolean;
  /** The absolute end: no renewal reaches beyond it. */
  readonly notOnOrAfter: Instant;
  /** When the first token of the chain was issued; absent while nothing is counted. */
  readonly begunAt?: Instant;
  /** The evidence that the chain began with, for whoever decides a renewal anew. */
  readonly subject: RenewalSubject;
  /** How the subject had logged in; absent: it is not known. */
  readonly authentication?: Authentication;
}

/** Who a chain of renewals is about, as its first evidence said. */
export interface RenewalSubject extends Subject {
  readonly trustedIssuer: string;
  readonly type: TokenType;
  readonly writtenType?: TokenType;
  /** It was a user of ours then: once removed, it gets nothing more. */
  readonly isUser?: true;
}

export interface TokenSpec {
  readonly type: TokenType;
  readonly tokenId: string;
  /** Our own issuer name. */
  readonly issuer: string;
  readonly subject: Subject;
  /** The subject under one name that no other issuer's subject can have: `sub` and NameID of what we issue. */
  readonly subjectName: string;
  readonly authentication?: Authentication;
  readonly actors: readonly Actor[];
  /** How often others may have tokens made of it; absent: no end is set. */
  readonly delegations?: number;
  /** The requestor: `client_id` in a JWT. */
  readonly clientId: string;
  readonly audiences: readonly string[];
  /** The token may leave them unsaid: they are on record, and it is bound to a key. */
  readonly omitsAudience?: boolean;
  readonly relyingParties: readonly string[];
  readonly scopes: readonly string[];
  readonly claims: ClaimSet;
  readonly issuedAt: Instant;
  readonly lifetime: Lifetime;
  readonly confirmation: Confirmation;
  readonly algorithm: string;
  /** As the request named it. */
  readonly tokenShape?: string;
  /** The whole token is encrypted. */
  readonly encryption?: Encryption;
  /** For a symmetric confirmation: who gets the secret, inside the token. */
  readonly keyEncryption?: Encryption;
  /** Policy rows that granted it, one for each relying party. */
  readonly policyRows: readonly string[];
  /** The tokens it is made from. */
  readonly parents: readonly TokenRef[];
  /** The parents and all that those were made from, each once, nearest first. */
  readonly ancestors: readonly TokenRef[];
  /** The first token of the line that its subject token stands in; absent: this one. */
  readonly root?: TokenRef;
  /** Ids of the trusted issuers on whose word it rests, its evidence's included; absent: on nobody's but ours. */
  readonly vouchers?: readonly string[];
  /** It is about a user of ours. */
  readonly isOfUser?: true;
  /** Marks the login that it rests on; absent: on none that can be told. */
  readonly loginMark?: string;
  /** The certificates that it rests on, where they may be revoked. */
  readonly loginCertificates?: readonly string[];
  /** Its place in a status list; absent: it has none. */
  readonly status?: StatusPlace;
  /** Absent: it cannot be renewed. */
  readonly renewal?: Renewal;
  /** One-time marks to take before anything is signed. */
  readonly once: readonly OnceMark[];
}

export interface OnceMark {
  readonly token: TokenRef;
  readonly until: Instant;
}

/** An issued token. `text` is what goes on the wire; nothing re-serialises it. */
export interface IssuedToken {
  readonly spec: TokenSpec;
  readonly text: string;
}
