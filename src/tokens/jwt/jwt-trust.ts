// Whose JWTs are accepted, and on what terms: the port that configuration and key sources fill.
import type { KeyObject } from 'node:crypto';
import type { Instant } from '#core/instant.ts';
import { SELF } from '#core/token/security-token.ts';
import type { TokenType } from '#core/token/token-type.ts';
import { isAsymmetric } from './jws/jws-signature.ts';
import { JWT_TOKEN_TYPES } from './jwt-type.ts';

/** Finds the key that a header names. */
interface VerificationKeys {
  /** @throws {ExchangeFailure} `signature-invalid` when the issuer has no such key; `dependency-unavailable` */
  verificationKey(wanted: {
    readonly kid: string | undefined;
    readonly alg: string;
  }): Promise<KeyObject>;
}

/** The terms for our own tokens. Any audience: the origin binding of core decides who may use them. */
export interface OwnJwtTrust extends VerificationKeys {
  readonly issuer: string;
  readonly algorithms: readonly string[];
  readonly skewSeconds: number;
  readonly assertionMaxAgeSeconds: number;
  /** When the key of this id was superseded, where it is published no longer. */
  signedBefore?(kid: string | undefined): Instant | undefined;
}

/** The terms for one trusted issuer. */
export interface JwtTrust extends OwnJwtTrust {
  readonly id: string;
  /** Other spellings of `iss` for the same issuer. */
  readonly aliases: readonly string[];
  /** One of these must be in `aud`. Mandatory: else a token for anybody would be good here. */
  readonly audiences: readonly string[];
  /** The clients of the issuer whose tokens are accepted. Absent: those of all of them. */
  readonly authorizedParties?: readonly string[];
  /** The declared types that are accepted. */
  readonly types: readonly TokenType[];
  readonly maxAgeSeconds?: number;
  /** The claim that identifies the subject: `sub` unless the operator chose another. */
  readonly subjectClaim: string;
  /** Put before the id where a token of ours names a subject of this issuer. Absent: `<id>:`, so that `alice` of two
   * issuers are never one subject. Empty only where the operator vouches that ids do not collide. */
  readonly subjectPrefix?: string;
  readonly requiredClaims: readonly string[];
  /** Every token is good once. */
  readonly singleUse: boolean;
  readonly enabledUntil?: Instant;
}

/** The terms in force for a token; `subjectPrefix` is decided. */
export interface JwtTerms extends JwtTrust {
  readonly subjectPrefix: string;
  readonly isOwn: boolean;
}

function ownTerms(own: OwnJwtTrust): JwtTerms {
  return {
    ...own,
    id: SELF,
    aliases: [],
    audiences: [],
    types: JWT_TOKEN_TYPES,
    subjectClaim: 'sub',
    subjectPrefix: '',
    requiredClaims: [],
    singleUse: false,
    isOwn: true,
  };
}

function foreignTerms(trust: JwtTrust): JwtTerms {
  if (trust.id === SELF) throw new Error('a trusted issuer cannot have the id self');
  if (trust.audiences.length === 0)
    throw new Error(`trusted issuer ${trust.id} needs at least one audience`);
  // With a colon in it, the default prefixes of two issuers could yield the same subject.
  if (trust.subjectPrefix === undefined && trust.id.includes(':'))
    throw new Error(`trusted issuer ${trust.id} needs a subjectPrefix: its id has a colon`);
  return { ...trust, subjectPrefix: trust.subjectPrefix ?? `${trust.id}:`, isOwn: false };
}

/** All terms by each exact spelling of `iss`.
 * @throws {Error} when a record is unsafe or two claim one spelling */
export function indexTerms(
  own: OwnJwtTrust,
  trusted: readonly JwtTrust[],
): ReadonlyMap<string, JwtTerms> {
  const index = new Map<string, JwtTerms>();
  for (const terms of [ownTerms(own), ...trusted.map(foreignTerms)]) {
    const symmetric = terms.algorithms.find((algorithm) => !isAsymmetric(algorithm));
    if (symmetric !== undefined)
      throw new Error(`issuer ${terms.id}: ${symmetric} is not an asymmetric signature algorithm`);
    for (const name of [terms.issuer, ...terms.aliases]) {
      if (index.has(name)) throw new Error(`issuer name ${name} is configured twice`);
      index.set(name, terms);
    }
  }
  return index;
}
