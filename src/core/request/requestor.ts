// The authenticated caller of a request.

import { ExchangeFailure } from '../failure.ts';
import { type Confirmation, isConfirmed } from '../token/confirmation.ts';
import { SELF, type ValidatedToken } from '../token/security-token.ts';

export interface Requestor {
  readonly kind: 'client' | 'principal';
  readonly id: string;
  /** How it authenticated: `client_secret_basic`, `private_key_jwt`, `username`, … */
  readonly method: string;
  /** The ceiling of scopes it was registered with; absent: none was set. */
  readonly scopes?: readonly string[];
  /** Ids of the relying parties it is the server of (origin binding, `evidence.ts`). */
  readonly represents: readonly string[];
  /** The relying party meant when a request names none. */
  readonly defaultTarget?: string;
  /** The key it proved in this request. */
  readonly confirmation: Confirmation;
  /** Others that it proved beside that one. They count for tokens that are bound to them; no token is made for them. */
  readonly otherKeys?: readonly Confirmation[];
  /** Its own credential, where that was a token. */
  readonly identity?: ValidatedToken;
}

/** Whether it proved the very key that a token is bound to; a bearer token wants none. */
export function hasProved(
  { confirmation, otherKeys = [] }: Requestor,
  bound: Confirmation,
): boolean {
  return [confirmation, ...otherKeys].some((proved) => isConfirmed(bound, proved));
}

const PRINCIPAL_PREFIX = 'principal:';

/** Whether a name reads like that of a principal; whether it is one says `principalOf`. */
export const isPrincipalName = (name: string): boolean => name.startsWith(PRINCIPAL_PREFIX);

/** The name of a principal that a trusted issuer vouches for. */
export const principalName = (trustedIssuer: string, id: string): string =>
  `${PRINCIPAL_PREFIX}${trustedIssuer}:${id}`;

/** The one name of a requestor in policy, consent, lineage and issued tokens: a client's id, or for a principal
 * `principal:<trusted issuer>:<id>`. Users often choose their own names: one called like a client must not pass for it,
 * nor a partner's user for ours.
 * @throws {ExchangeFailure} `requestor-not-allowed` for a client whose id reads like a principal */
export function requestorName({ kind, id, identity }: Requestor): string {
  if (kind === 'principal')
    return principalName(identity?.trustedIssuer ?? SELF, identity?.subject.id ?? id);
  if (isPrincipalName(id)) {
    throw new ExchangeFailure('requestor-not-allowed', 'the client id reads like a principal');
  }
  return id;
}

/** Whom the name of a principal stands for; undefined for a client. */
export function principalOf(
  name: string,
): { readonly trustedIssuer: string; readonly id: string } | undefined {
  // Ids of trusted issuers have no colon.
  const [, trustedIssuer, id] = /^principal:([^:]+):(.+)$/s.exec(name) ?? [];
  return trustedIssuer === undefined || id === undefined ? undefined : { trustedIssuer, id };
}
