// Whose assertions are accepted, and on what terms: the port that configuration, metadata and our own keys fill.

import type { TrustedKey, TrustedPublicKey } from '#bridge/xml/keys/trusted-key.ts';
import type { Instant } from '#core/instant.ts';
import { SELF } from '#core/token/security-token.ts';
import type { ConfirmationMethod } from '../names.ts';

/** The keys of one issuer: pinned, of its metadata, or our own. */
export interface SamlKeys {
  /** @throws {ExchangeFailure} `dependency-unavailable` when they cannot be known */
  signingKeys(): Promise<readonly TrustedPublicKey[]>;
  /** Looks again where a new key may have appeared; the same list when there was nothing to look for.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  searchKeys?(): Promise<readonly TrustedPublicKey[]>;
  /** When a key of ours was superseded, where it is published no longer. */
  signedBefore?(key: TrustedKey): Instant | undefined;
}

interface KeyTerms {
  readonly keys: SamlKeys;
  /** 300 at most: the widest that any profile asks for. */
  readonly skewSeconds: number;
}

/** The terms for our own assertions. Any audience: the origin binding of core decides who may use them. */
export interface OwnSamlTrust extends KeyTerms {
  /** Our issuer name, as core knows it. */
  readonly issuer: string;
  /** The name in our assertions. */
  readonly entityId: string;
}

/** The terms for one trusted issuer. */
export interface SamlTrust extends KeyTerms {
  readonly id: string;
  /** The entityID, or `Issuer` of SAML 1.1; compared as a string. */
  readonly issuer: string;
  /** One of these must be in every AudienceRestriction. Mandatory: else an assertion for anybody would be good here. */
  readonly audiences: readonly string[];
  /** Our addresses that a Recipient may name: token endpoint and WS-Trust addresses. */
  readonly recipients: readonly string[];
  /** What is accepted. `sender-vouches` is taken like bearer: only where all who can present it are trusted to vouch. */
  readonly subjectConfirmation: readonly ConfirmationMethod[];
  /** No assertion may be older, whatever it says itself. */
  readonly maxAgeSeconds?: number;
  /** How old an assertion may be that is a grant by itself. */
  readonly assertionMaxAgeSeconds: number;
  /** SHA-1 is verified until then. */
  readonly legacySha1Until?: Instant;
  readonly allowInclusiveC14n?: boolean;
  /** Every assertion is good once. */
  readonly singleUse?: boolean;
  readonly enabledUntil?: Instant;
  /** The formats that a name identifier may have; absent: any. A name is unique within its format only, and we tell subjects apart by the
   * name alone: with several formats, two parties of an issuer could be one subject here. */
  readonly nameFormats?: readonly string[];
  /** The attribute that identifies the subject, in place of its name identifier. */
  readonly subjectAttribute?: string;
  /** Put before the id where a token of ours names a subject of this issuer; absent: `<id>:`. */
  readonly subjectPrefix?: string;
}

/** The terms in force for an assertion. */
export interface SamlTerms extends SamlTrust {
  /** The name in the assertion; `issuer` is the name that core knows. */
  readonly entityId: string;
  readonly subjectPrefix: string;
  readonly isOwn: boolean;
}

const MAX_SKEW_SECONDS = 300;
/** How old one of ours may be that is a grant by itself. */
const OWN_ASSERTION_MAX_AGE_SECONDS = 300;

function ownTerms(own: OwnSamlTrust): SamlTerms {
  return {
    id: SELF,
    issuer: own.issuer,
    entityId: own.entityId,
    keys: own.keys,
    skewSeconds: own.skewSeconds,
    assertionMaxAgeSeconds: OWN_ASSERTION_MAX_AGE_SECONDS,
    audiences: [],
    recipients: [],
    subjectConfirmation: ['bearer', 'holder-of-key'],
    subjectPrefix: '',
    isOwn: true,
  };
}

function foreignTerms(trust: SamlTrust): SamlTerms {
  const { id } = trust;
  if (id === SELF) throw new Error('a trusted issuer cannot have the id self');
  if (trust.audiences.length === 0)
    throw new Error(`trusted issuer ${id} needs at least one audience`);
  if (trust.subjectConfirmation.length === 0)
    throw new Error(`trusted issuer ${id} needs a method of subject confirmation`);
  // With a colon in it, the default prefixes of two issuers could yield the same subject.
  if (trust.subjectPrefix === undefined && id.includes(':'))
    throw new Error(`trusted issuer ${id} needs a subjectPrefix: its id has a colon`);
  return {
    ...trust,
    entityId: trust.issuer,
    subjectPrefix: trust.subjectPrefix ?? `${id}:`,
    isOwn: false,
  };
}

function requireSeconds({
  id,
  skewSeconds,
  maxAgeSeconds,
  assertionMaxAgeSeconds,
}: SamlTerms): void {
  // Written so that NaN is refused: a bound that is no number is no bound.
  if (!(skewSeconds >= 0 && skewSeconds <= MAX_SKEW_SECONDS))
    throw new Error(`issuer ${id}: the skew is not between 0 and ${MAX_SKEW_SECONDS} seconds`);
  if (!(assertionMaxAgeSeconds > 0) || !((maxAgeSeconds ?? 1) > 0))
    throw new Error(`issuer ${id}: a maximum age is not above 0 seconds`);
}

/** All terms by the name that stands in assertions.
 * @throws {Error} when a record is unsafe or two claim one name */
export function indexTerms(
  own: OwnSamlTrust,
  trusted: readonly SamlTrust[],
): ReadonlyMap<string, SamlTerms> {
  const index = new Map<string, SamlTerms>();
  for (const terms of [ownTerms(own), ...trusted.map(foreignTerms)]) {
    requireSeconds(terms);
    // The name that an assertion without issuer is looked up by.
    if (terms.entityId === '') throw new Error(`issuer ${terms.id} has no name`);
    if (index.has(terms.entityId))
      throw new Error(`issuer name ${terms.entityId} is configured twice`);
    index.set(terms.entityId, terms);
  }
  return index;
}

/** Keys that the operator pinned.
 * @throws {Error} when there is none */
export function pinnedKeys(keys: readonly TrustedPublicKey[]): SamlKeys {
  if (keys.length === 0) throw new Error('no key is pinned');
  return { signingKeys: async () => keys };
}
