// Families of refresh tokens (RFC 6749 §6, RFC 9700 §4.14): what they were granted for, which of their tokens is the current
// one, and what happens when an old one comes again.
import { ExchangeFailure } from '../failure.ts';
import type { Clock, Instant } from '../instant.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LedgerEntry } from '../ledger/ledger-entry.ts';
import type { Rotation, Store, StoreKey } from '../ports.ts';
import type { ValidatedToken } from '../token/security-token.ts';
import type { RenewalSubject, TokenSpec } from '../token/token-spec.ts';
import { type FamilyGrant, parseGrant, writeGrant } from './refresh-grant.ts';
import type { RefreshTokenCodec, RefreshTokenName } from './refresh-token.ts';

/** How long after its use a token may come again because the answer was lost, and as much as the clocks of two hosts may be apart:
 * a retry at another host must not end the family. Whoever comes later is somebody else. */
const RETRY_SECONDS = 60;

/** A family as one of its tokens names it. */
export interface RefreshFamily extends FamilyGrant, RefreshTokenName {
  /** The evidence it was granted for. */
  readonly subject: ValidatedToken;
  /** Who it is about, as the ledger has it. */
  readonly origin: RenewalSubject;
  /** The login, or the trust in an issuer, that it rests on has ended. */
  readonly isGroundless?: true;
  /** How often others may have tokens made of what it brings; absent: no end is set. */
  readonly delegations?: number;
  /** How often the token of ours was renewed that it began with; absent: not at all. */
  readonly renewals?: number;
}

export interface RefreshFamilies {
  /** Begins a family: its first token is that of the decision. */
  begin(subject: ValidatedToken, spec: TokenSpec): Promise<void>;
  /** The text of the first token of a family. */
  firstText(spec: TokenSpec): string;
  /** Finds the family of a token that this client holds. One round trip; whether an ancestor is revoked, the record of its
   * successor tells.
   * @throws {ExchangeFailure} `token-malformed`, `token-audience-mismatch`, `token-expired`, `token-revoked` */
  find(text: string, clientId: string): Promise<RefreshFamily>;
  /** Whether the token is the current one of a family of which nothing is revoked. */
  isActive(family: RefreshFamily): Promise<boolean>;
  /** Uses the token up and answers the text of its successor. The same token again, soon, gives the same successor: the answer may
   * have been lost. Any other use of an old token revokes the family: one of its two holders stole it.
   * @throws {ExchangeFailure} `token-replayed` */
  advance(family: RefreshFamily): Promise<string>;
}

/** @throws {ExchangeFailure} `operation-unsupported` where there are no refresh tokens */
export function requireFamilies({
  families,
}: {
  readonly families?: RefreshFamilies;
}): RefreshFamilies {
  if (!families)
    throw new ExchangeFailure('operation-unsupported', 'there are no refresh tokens here');
  return families;
}

export interface RefreshFamiliesParts {
  readonly issuer: string;
  readonly store: Store;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly codec: RefreshTokenCodec;
  /** Kept on top of every lifetime, for clocks that differ. */
  readonly marginSeconds: number;
}

/** What a family is in the store. All keys of one carry its tag. */
function familyState({ clock, issuer, marginSeconds, store }: RefreshFamiliesParts) {
  const keyOf = (stateClass: StoreKey['class'], family: string, ...rest: readonly string[]) =>
    ({ class: stateClass, parts: ['refresh', issuer, family, ...rest], tag: family }) as const;
  const secondsUntil = (end: Instant): number => Math.max(end - clock.now(), 0) + marginSeconds;
  return {
    keyOf,
    secondsUntil,
    /** Whether this use of the token is its first, or comes soon after it. */
    isTimely: async ({ family, number, notOnOrAfter }: RefreshFamily): Promise<boolean> => {
      const now = clock.now();
      const mark = keyOf('once', family, String(number));
      const use = await store.putOnce(mark, String(now), secondsUntil(notOnOrAfter));
      return use.stored || now - Number(use.attempt) <= RETRY_SECONDS + marginSeconds;
    },
    rotate: ({ family, number, notOnOrAfter }: RefreshFamily): Promise<Rotation> => {
      const key = keyOf('rotation', family);
      const step = { from: String(number), to: String(number + 1) };
      return store.rotate(key, step, secondsUntil(notOnOrAfter));
    },
  };
}

/** What the ledger knows of a family that its grant does not say. */
function onRecord(
  { delegations, renewal }: LedgerEntry,
  { subject, trustedIssuer, type }: ValidatedToken,
): Pick<RefreshFamily, 'origin' | 'delegations' | 'renewals'> {
  const origin = renewal?.subject ?? { ...subject, trustedIssuer, type };
  return {
    origin,
    ...(delegations !== undefined && { delegations }),
    ...(renewal && { renewals: renewal.count }),
  };
}

/** Families over a store. */
export function createRefreshFamilies(parts: RefreshFamiliesParts): RefreshFamilies {
  const { clock, codec, issuer, ledger, store } = parts;
  const { isTimely, keyOf, rotate, secondsUntil } = familyState(parts);
  return {
    async begin(subject, spec) {
      const { tokenId: family, lifetime } = spec;
      const seconds = secondsUntil(lifetime.notOnOrAfter);
      const [rotation] = await Promise.all([
        store.rotate(keyOf('rotation', family), { from: '', to: '1' }, seconds),
        store.set(keyOf('grant', family), writeGrant(subject, spec), seconds),
      ]);
      if (rotation === 'conflict') throw new Error('a new family of refresh tokens is not new');
    },
    firstText: ({ tokenId }) => codec.write({ family: tokenId, number: 1 }),
    async find(text, clientId) {
      const name = codec.parse(text);
      const ref = { issuer, id: name.family };
      const [stored, { entry, isGroundless, isRevoked }] = await Promise.all([
        store.get(keyOf('grant', name.family)),
        ledger.lookUp(ref),
      ]);
      if (stored === undefined || !entry)
        throw new ExchangeFailure('token-expired', 'the family of the refresh token is gone');
      const { grant, subject } = parseGrant(stored, { ref, entry });
      // RFC 6749 §10.4: bound to the client, whoever else holds it.
      if (grant.clientId !== clientId)
        throw new ExchangeFailure('token-audience-mismatch', 'a refresh token of another client');
      if (isRevoked) throw new ExchangeFailure('token-revoked', 'the family is revoked');
      if (!(clock.now() < grant.notOnOrAfter))
        throw new ExchangeFailure('token-expired', 'the family has ended');
      const grounds = isGroundless && { isGroundless };
      return { ...grant, ...name, subject, ...grounds, ...onRecord(entry, subject) };
    },
    async isActive({ family, number }) {
      const [standing, isUsed] = await Promise.all([
        ledger.standing({ issuer, id: family }),
        store.isMarked(keyOf('once', family, String(number))),
      ]);
      return !standing.isRevoked && !isUsed;
    },
    async advance(family) {
      const [isSoon, rotation] = await Promise.all([isTimely(family), rotate(family)]);
      if (rotation === 'rotated' || (rotation === 'repeated' && isSoon))
        return codec.write({ family: family.family, number: family.number + 1 });
      await ledger.revoke({ issuer, id: family.family }, family.notOnOrAfter);
      throw new ExchangeFailure('token-replayed', 'a used refresh token came again');
    },
  };
}
