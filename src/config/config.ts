// The configuration as the product uses it: checked, secrets resolved, paths absolute, frozen. Each section's part stands beside what
// reads it, in `sections/`.
import type { PolicyRow } from '#core/policy.ts';
import type { Problem } from './problem.ts';
import type { ClientConfig } from './sections/clients.ts';
import type { FetchConfig } from './sections/fetch.ts';
import type { KeptSecretsConfig } from './sections/keys/kept-secrets.ts';
import type { DecryptionKeyConfig, SigningKeyConfig } from './sections/keys/keys.ts';
import type { ListenersConfig } from './sections/listeners.ts';
import type { AuditConfig, LimitsConfig, LogLevel } from './sections/operation.ts';
import type { RefreshTokenConfig } from './sections/refresh-tokens.ts';
import type { RelyingPartyConfig } from './sections/relying-parties/relying-parties.ts';
import type { StoreConfig } from './sections/store.ts';
import type { TrustedIssuerConfig } from './sections/trusted-issuers/trusted-issuers.ts';
import type { UsersConfig } from './sections/users.ts';
import type { WsTrustConfig } from './sections/ws-trust/ws-trust.ts';

export interface Config {
  /** The file it was read from. */
  readonly file: string;
  readonly issuer: string;
  readonly listeners: ListenersConfig;
  /** CIDR blocks. */
  readonly trustedProxies: readonly string[];
  readonly keys: readonly SigningKeyConfig[];
  /** All of them decrypt. */
  readonly decryptionKeys: readonly DecryptionKeyConfig[];
  /** The name we have in assertions and metadata. */
  readonly saml: { readonly entityId: string };
  /** Absent: nobody logs in with a password. */
  readonly users?: UsersConfig;
  /** Absent: there is no WS-Trust front. */
  readonly wsTrust?: WsTrustConfig;
  readonly store: StoreConfig;
  readonly trustedIssuers: readonly TrustedIssuerConfig[];
  readonly fetch: FetchConfig;
  readonly clients: readonly ClientConfig[];
  readonly relyingParties: readonly RelyingPartyConfig[];
  readonly policy: readonly PolicyRow[];
  /** Absent: no secret of a token is kept. */
  readonly keptSecrets?: KeptSecretsConfig;
  /** Absent: there are no refresh tokens. */
  readonly refreshTokens?: RefreshTokenConfig;
  readonly delegation: { readonly maxDepth: number; readonly selfDelegation: boolean };
  readonly audit: AuditConfig;
  readonly log: { readonly level: LogLevel };
  readonly limits: LimitsConfig;
  /** Processes that serve. */
  readonly workers: number;
  readonly drain: { readonly delaySeconds: number; readonly graceSeconds: number };
  readonly clockSkewSeconds: number;
  readonly statusLists: { readonly ttlSeconds: number; readonly lifetimeSeconds: number };
  /** What is allowed and probably not meant. */
  readonly warnings: readonly Problem[];
}
