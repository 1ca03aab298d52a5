// For whom a token is: audience names, resource URIs and AppliesTo addresses of one target are one entity.
import type { MappingRule } from '../claims/claim-mapping.ts';
import { ExchangeFailure } from '../failure.ts';
import type { Encryption } from '../token/token-spec.ts';
import type { TokenForm, TokenType } from '../token/token-type.ts';

export interface RelyingParty {
  readonly id: string;
  readonly resources: readonly string[];
  readonly audiences: readonly string[];
  readonly appliesTo: readonly string[];
  /** The name written as the audience of tokens for it. */
  readonly audience: string;
  /** Target-side consent: names of requestors (`requestorName`) that may obtain tokens for it, or `any` where the operator says so. */
  readonly requestors: readonly string[] | 'any';
  /** Names of the requestors that are this party's own servers: tokens addressed to it are theirs to present. */
  readonly servers?: readonly string[];
  /** Names of the requestors that may revoke tokens addressed to it, besides those a token was issued to. */
  readonly revokers?: readonly string[];
  readonly token: {
    readonly type: TokenType;
    /** The signature algorithm for each family of forms: a party may get both. */
    readonly algorithms: Readonly<Record<TokenForm, string>>;
    readonly lifetimeSeconds: number;
    /** Whether its JWTs have a place in a status list. */
    readonly statusList?: boolean;
    /** How its assertions are encrypted; absent: they are not. */
    readonly encryption?: Encryption;
    /** Its SAML 2.0 tokens that are bound to a public key need not say for whom they are. */
    readonly omitsAudience?: boolean;
    /** A key in a request for it needs no proof when it is that of a certificate with a path to an anchor of ours. */
    readonly useKeyProof?: 'trusted-certificate';
    /** How the secret of a token is encrypted to it; absent: it gets no tokens with a secret. */
    readonly keyEncryption?: Encryption;
  };
  readonly scopes: readonly string[];
  readonly claims: readonly MappingRule[];
}

/** How a request names a target. */
export interface TargetName {
  /** `id`: our own word, for what was decided before; no front has it. */
  readonly kind: 'resource' | 'audience' | 'applies-to' | 'id';
  readonly value: string;
}

function isNamedBy(party: RelyingParty, name: TargetName): boolean {
  if (name.kind === 'id') return party.id === name.value;
  if (name.kind === 'resource') return party.resources.includes(name.value);
  if (name.kind === 'applies-to') return party.appliesTo.includes(name.value);
  return party.audiences.includes(name.value);
}

/** The relying parties a request names, each once, in the order named; its default when it names none.
 * @throws {ExchangeFailure} `target-unknown` */
export function resolveTargets(
  parties: readonly RelyingParty[],
  names: readonly TargetName[],
  defaultTarget: string | undefined,
): readonly RelyingParty[] {
  const found = new Set<RelyingParty>();
  if (names.length === 0) {
    const party = parties.find(({ id }) => id === defaultTarget);
    if (!party) throw new ExchangeFailure('target-unknown', 'no target named, and no default');
    found.add(party);
  }
  for (const name of names) {
    const party = parties.find((candidate) => isNamedBy(candidate, name));
    if (!party)
      throw new ExchangeFailure('target-unknown', `no relying party has this ${name.kind}`);
    found.add(party);
  }
  return [...found];
}

/** Whether one of `audiences` names this relying party, in any of its spellings. */
export function isAudience(party: RelyingParty, audiences: readonly string[]): boolean {
  const names = [party.audience, ...party.audiences, ...party.resources, ...party.appliesTo];
  return audiences.some((audience) => names.includes(audience));
}
