// Whom a token is about, who acts, and how the subject was authenticated.
import type { Instant } from '../instant.ts';

/** The verified identity a token is about. `id` is unique within `issuer` only. */
export interface Subject {
  readonly issuer: string;
  readonly id: string;
  /** How `id` is to be read, such as a SAML NameID format. */
  readonly format?: string;
}

/** How and when the subject proved who it is. */
export interface Authentication {
  readonly instant?: Instant;
  readonly methods?: readonly string[];
  readonly contextClass?: string;
}

/** One link of a delegation chain (RFC 8693 §4.1). Chains are arrays, outermost first. */
export interface Actor {
  readonly issuer: string;
  readonly id: string;
  readonly clientId?: string;
}

/** Whom the subject token allows to act (RFC 8693 §4.4). Every member present must match. */
export interface MayAct {
  readonly issuer?: string;
  readonly id?: string;
  readonly clientId?: string;
}

/** How a subject logged in, for a token that is made now. A login that the clock of its issuer puts ahead of ours was now: a token of ours
 * that tells of one to come we would not read, nor could it be revoked until then. */
export function authenticationMember(
  { authentication }: { readonly authentication?: Authentication },
  now: Instant,
): { readonly authentication?: Authentication } {
  if (!authentication) return {};
  const { instant, ...how } = authentication;
  return {
    authentication: { ...how, ...(instant !== undefined && { instant: Math.min(instant, now) }) },
  };
}
