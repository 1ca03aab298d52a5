// Until when a trusted issuer is one, and whose parties it may name as actors.
import { ExchangeFailure } from '../failure.ts';
import type { Instant } from '../instant.ts';
import { principalOf } from '../request/requestor.ts';
import { SELF, type ValidatedToken } from '../token/security-token.ts';
import { isCredential } from '../token/token-type.ts';

/** A trusted issuer by its names. */
export interface KnownIssuer {
  readonly id: string;
  /** Every spelling of its name. */
  readonly names: readonly string[];
  /** Ids of other trusted issuers whose parties its tokens may name as actors. */
  readonly actorIssuers: readonly string[];
  /** What is put before the ids of its subjects in tokens of ours; several where its forms of token differ in that. */
  readonly subjectPrefixes: readonly string[];
  /** From then on nothing rests on its word; absent: no end is set. */
  readonly enabledUntil?: Instant;
}

/** Whether the trust in an issuer has ended. Its validator refuses fresh evidence; what was kept of older evidence must not outlive the
 * trust either. */
const hasTrustEnded = (issuer: KnownIssuer | undefined, now: Instant): boolean =>
  issuer?.enabledUntil !== undefined && now >= issuer.enabledUntil;

/** A trusted issuer by its id. */
export const knownIssuer = (
  trustedIssuer: string,
  issuers: readonly KnownIssuer[],
): KnownIssuer | undefined => issuers.find(({ id }) => id === trustedIssuer);

/** Whether a token rests on the word of an issuer whose trust has ended, or who is none any more. */
export const hasLostTrust = (
  { vouchers = [] }: { readonly vouchers?: readonly string[] },
  issuers: readonly KnownIssuer[],
  now: Instant,
): boolean =>
  vouchers.some((id) => {
    const issuer = knownIssuer(id, issuers);
    return !issuer || hasTrustEnded(issuer, now);
  });

// An issuer without a prefix could name its subject as a subject of another issuer is named in tokens of ours. Its operator vouches for the
// ids that it gives out, and not for what it says once somebody else has its key.
function validateName(
  { subject: { id }, subjectPrefix, trustedIssuer }: ValidatedToken,
  issuers: readonly KnownIssuer[],
): void {
  if (subjectPrefix !== '') return;
  const owner = issuers.find(
    (issuer) =>
      issuer.id !== trustedIssuer &&
      issuer.subjectPrefixes.some((prefix) => prefix !== '' && id.startsWith(prefix)),
  );
  if (owner)
    throw new ExchangeFailure('issuer-untrusted', `a subject of ${owner.id} is named by another`);
}

/** Refuses an issuer whose trust has ended, one that names a subject of another issuer, and a chain in which it names an actor of another
 * trusted issuer: only that issuer can say that a party of its own acted. An actor of an issuer we do not know may stand: the name
 * gives no right.
 * @throws {ExchangeFailure} `issuer-untrusted` */
export function validateIssuers(
  token: ValidatedToken,
  issuers: readonly KnownIssuer[],
  now: Instant,
): void {
  const { actors, trustedIssuer } = token;
  if (trustedIssuer === SELF) return;
  const known = knownIssuer(trustedIssuer, issuers);
  if (hasTrustEnded(known, now))
    throw new ExchangeFailure('issuer-untrusted', 'the trust in this issuer has ended');
  validateName(token, issuers);
  const allowed = known?.actorIssuers ?? [];
  for (const { issuer } of actors) {
    const owner = issuers.find(({ names }) => names.includes(issuer));
    if (!owner || owner.id === trustedIssuer || allowed.includes(owner.id)) continue;
    throw new ExchangeFailure('issuer-untrusted', `an actor of ${owner.id} is named by another`);
  }
}

/** A party of a trusted issuer, by the name that its issuer gave it. */
export interface ForeignParty {
  readonly trustedIssuer: string;
  readonly id: string;
}

type Told = Pick<ValidatedToken, 'subject' | 'trustedIssuer' | 'type'> &
  Partial<Pick<ValidatedToken, 'originClient'>>;

/** The party of another issuer that a token of ours is about, by the name that issuer gave it; undefined for one of our own, and for any
 * other token. Under an empty prefix only the name of whoever asked for the token tells. */
export function foreignPartyOf(
  { originClient = '', subject: { id }, trustedIssuer, type }: Told,
  issuers: readonly KnownIssuer[],
): ForeignParty | undefined {
  if (trustedIssuer !== SELF || isCredential(type)) return undefined;
  for (const { id: issuer, subjectPrefixes } of issuers) {
    const prefix = subjectPrefixes.find((each) => each !== '' && id.startsWith(each));
    if (prefix !== undefined) return { trustedIssuer: issuer, id: id.slice(prefix.length) };
  }
  const asked = principalOf(originClient);
  const isOfAsker = asked?.id === id && asked.trustedIssuer !== SELF;
  return isOfAsker ? asked : undefined;
}
