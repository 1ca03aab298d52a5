// Whose parties a trusted issuer may name as actors.
import { ExchangeFailure } from './failure.ts';
import { SELF, type ValidatedToken } from './security-token.ts';

/** A trusted issuer by its names. */
export interface KnownIssuer {
  readonly id: string;
  /** Every spelling of its name. */
  readonly names: readonly string[];
  /** Ids of other trusted issuers whose parties its tokens may name as actors. */
  readonly actorIssuers: readonly string[];
}

/** Refuses a chain in which one trusted issuer speaks for another: that a party of theirs acted, only they can say. A name of
 * somebody we do not know vouches for nothing, so it may stand.
 * @throws {ExchangeFailure} `issuer-untrusted` */
export function validateActorIssuers(
  { actors, trustedIssuer }: ValidatedToken,
  issuers: readonly KnownIssuer[],
): void {
  if (trustedIssuer === SELF) return;
  const allowed = issuers.find(({ id }) => id === trustedIssuer)?.actorIssuers ?? [];
  for (const { issuer } of actors) {
    const owner = issuers.find(({ names }) => names.includes(issuer));
    if (!owner || owner.id === trustedIssuer || allowed.includes(owner.id)) continue;
    throw new ExchangeFailure('issuer-untrusted', `an actor of ${owner.id} is named by another`);
  }
}
