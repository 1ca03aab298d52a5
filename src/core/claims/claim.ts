// One statement about a subject, and who made it: the provenance survives every mapping.

/** Any JSON value: SAML gives text only, a JWT may nest. */
export type ClaimValue =
  | string
  | number
  | boolean
  | null
  | readonly ClaimValue[]
  | { readonly [name: string]: ClaimValue };

export interface Claim {
  readonly name: string;
  readonly values: readonly ClaimValue[];
  /** Who states it towards us. */
  readonly issuer: string;
  /** Who stated it first. */
  readonly originalIssuer: string;
}

export type ClaimSet = readonly Claim[];

/** Names under which other stacks say who acts, in a form that is not read here. To ignore them would hide the actor. */
export const UNREAD_ACTOR_CLAIMS: ReadonlySet<string> = new Set([
  'actort',
  'http://schemas.xmlsoap.org/ws/2009/09/identity/claims/actor',
]);

/** Names that identify, bind or bound a token. No mapping may write them: they are decided, never copied (RFC 8693 §4). */
export const RESERVED_CLAIMS: ReadonlySet<string> = new Set([
  'iss',
  'sub',
  'aud',
  'exp',
  'nbf',
  'iat',
  'jti',
  'act',
  ...UNREAD_ACTOR_CLAIMS,
  'may_act',
  'client_id',
  'azp',
  'scope',
  'scp',
  'authorization_details',
  'cnf',
  'typ',
  'auth_time',
  'acr',
  'amr',
  'nonce',
  'sid',
  'sub_id',
  'status',
  'events',
  'at_hash',
  'c_hash',
  's_hash',
  '_claim_names',
  '_claim_sources',
  'token_type',
  'token_use',
  'active',
  '__proto__',
  'constructor',
  'prototype',
]);
