// The configuration as the product uses it: checked, secrets resolved, paths absolute, frozen.

import type { Expression } from '#core/expression.ts';
import type { Instant } from '#core/instant.ts';
import type { PolicyRow } from '#core/policy.ts';
import type { RelyingParty } from '#core/relying-party.ts';
import type { TokenType } from '#core/token-type.ts';
import type { Problem } from './problem.ts';

export interface Config {
  /** The file it was read from. */
  readonly file: string;
  readonly issuer: string;
  readonly listeners: {
    readonly public: PublicListener;
    readonly management: HostAndPort;
  };
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

/** A host without the brackets of IPv6. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

export interface PublicListener extends HostAndPort {
  /** Where the certificates of clients come from. */
  readonly certificateSource: 'handshake' | 'client-cert-header' | 'nowhere';
  /** Absent: plain HTTP, on loopback or behind trusted proxies. */
  readonly tls?: {
    readonly certificatePem: string;
    readonly keyPem: string;
    readonly clientCertificates: 'optional' | 'none';
  };
}

export interface SigningKeyConfig {
  readonly use: 'jwt' | 'saml';
  readonly algorithm: string;
  /** PKCS8. */
  readonly pem: string;
  readonly certificatePem?: string;
  /** Absent: it always has been. */
  readonly activeFrom?: Instant;
}

export interface DecryptionKeyConfig {
  /** PKCS8, RSA. */
  readonly pem: string;
  readonly certificatePem: string;
  /** From when it is published; absent: it always has been. */
  readonly activeFrom?: Instant;
}

export interface UsersConfig {
  /** Of all user files. */
  readonly records: readonly UserConfigRecord[];
  readonly lockout: {
    readonly maxFailures: number;
    readonly windowSeconds: number;
    readonly maxFailuresPerSource?: number;
  };
  readonly cacheSeconds: number;
}

export interface UserConfigRecord {
  readonly id: string;
  /** `scrypt$N$r$p$salt$hash`. */
  readonly password: string;
  readonly disabled?: boolean;
  readonly claims: Readonly<Record<string, string | readonly string[]>>;
  readonly authenticationMethods?: readonly ('pwd' | 'swk' | 'hwk')[];
  /** Base32. Present: a password alone is not enough. */
  readonly oneTimePasswordSecret?: string;
  /** The password itself, for digests. */
  readonly recoverablePassword?: string;
}

export interface WsTrustConfig {
  /** Besides the general one at /ws-trust. */
  readonly profiles: readonly {
    readonly name: 'adfs' | 'vcenter' | 'wso2';
    /** Id of the relying party meant when a request names none. */
    readonly defaultTarget?: string;
  }[];
  /** Which requestors may use the front at all. */
  readonly admits?: Expression;
  /** What is special about addresses; the rest is as their profile has it. */
  readonly endpoints: readonly {
    readonly path: string;
    readonly credentials?: readonly (
      | 'username'
      | 'basic'
      | 'certificate'
      | 'tls-certificate'
      | 'issued-token'
      | 'bearer-token'
      | 'security-context'
    )[];
    readonly signedParts?: 'timestamp' | 'timestamp-and-body';
    readonly messageSecurity?: 'sign-and-encrypt' | 'symmetric-sign-and-encrypt';
    readonly takesOwnBearerTokens?: boolean;
    readonly signChallenge?: boolean;
    readonly legacySha1Until?: Instant;
  }[];
  /** The REST form; absent: there is none. */
  readonly rest?: { readonly credentials: readonly ('basic' | 'tls-certificate')[] };
  readonly maxMessageBytes: number;
  readonly clockSkewSeconds: number;
  /** How long a message may be good by its own Timestamp. */
  readonly maxMessageLifetimeSeconds: number;
}

interface RedisLogin {
  readonly username?: string;
  readonly password: string;
}

export interface RedisStoreConfig {
  readonly driver: 'node-redis' | 'ioredis';
  readonly topology:
    | { readonly mode: 'single' | 'cluster' }
    | { readonly mode: 'sentinel'; readonly masterName: string; readonly credentials?: RedisLogin };
  readonly nodes: readonly HostAndPort[];
  readonly database: number;
  readonly tls?: {
    readonly caPem?: string;
    readonly certificatePem?: string;
    readonly keyPem?: string;
    readonly serverName?: string;
  };
  readonly credentials?: RedisLogin;
  /** Stands in every key. */
  readonly tenant: string;
  readonly minReplicas: number;
  readonly waitMilliseconds: number;
  readonly waitConnections: number;
  readonly deadlineMilliseconds: number;
  readonly ringSeconds: number;
  readonly isAppendOnlyRequired: boolean;
}

export type StoreConfig =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'redis'; readonly redis: RedisStoreConfig }
  | { readonly kind: 'memory' };

export interface JsonWebKeySet {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/** Where the keys of a trusted issuer come from. */
export type KeySource =
  | {
      readonly kind: 'pinned';
      readonly jwks: JsonWebKeySet;
      /** Where the keys were pinned as certificates. */
      readonly certificatePems?: readonly string[];
    }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'discovery' };

export interface TrustedIssuerConfig {
  readonly id: string;
  /** As its tokens spell it. */
  readonly issuer: string;
  readonly aliases: readonly string[];
  /** Ids of other trusted issuers whose parties its tokens may name as actors. */
  readonly actorIssuers: readonly string[];
  readonly enabledUntil?: Instant;
  /** Absent: its JWTs are refused. */
  readonly jwt?: TrustedJwtConfig;
  /** Absent: its assertions are refused. */
  readonly saml?: TrustedSamlConfig;
  /** Absent: its certificates are no credentials. */
  readonly x509?: TrustedX509Config;
}

/** The certificates of an issuer as credentials. */
export interface TrustedX509Config {
  readonly anchorPems: readonly string[];
  readonly intermediatePems: readonly string[];
  /** What messages may only name. */
  readonly knownPems: readonly string[];
  /** Absent: nobody is asked. */
  readonly revocation:
    | {
        readonly lists: readonly string[];
        readonly listUrls: readonly string[];
        readonly ocspUrl?: string;
        readonly asksCertificateAddresses: boolean;
      }
    | undefined;
  /** Object identifiers. */
  readonly extendedKeyUsages: readonly string[];
  /** What names the subject. Absent: `subjects` alone. */
  readonly subject?: 'commonName' | 'subjectName' | 'email' | 'dns' | 'uri' | 'upn';
  readonly subjects: readonly {
    readonly thumbprint?: string;
    readonly subjectName?: string;
    readonly subject: string;
  }[];
  /** Whether its subjects are our users. */
  readonly areUsers: boolean;
  readonly subjectPrefix?: string;
}

/** Where the certificates come from that an issuer signs its assertions with. */
export type SamlKeySource =
  | { readonly kind: 'pinned'; readonly certificatePems: readonly string[] }
  | {
      readonly kind: 'metadata';
      readonly xml: string;
      /** Whoever signs the metadata names the keys: only these may. */
      readonly signerCertificatePems: readonly string[];
    }
  | {
      readonly kind: 'metadata-url';
      readonly url: string;
      readonly signerCertificatePems: readonly string[];
    };

export interface TrustedSamlConfig {
  readonly keySource: SamlKeySource;
  /** One of these must be in every AudienceRestriction. Never empty. */
  readonly audiences: readonly string[];
  /** Our addresses that a Recipient may name. Never empty. */
  readonly recipients: readonly string[];
  readonly subjectConfirmation: readonly ('bearer' | 'holder-of-key' | 'sender-vouches')[];
  readonly skewSeconds: number;
  readonly maxAgeSeconds?: number;
  readonly assertionMaxAgeSeconds: number;
  readonly singleUse: boolean;
  /** The attribute that names the subject; absent: NameID. */
  readonly subjectAttribute?: string;
  /** Absent: `<id>:`. */
  readonly subjectPrefix?: string;
  readonly allowInclusiveC14n: boolean;
  readonly legacySha1Until?: Instant;
}

export interface TrustedJwtConfig {
  readonly keySource: KeySource;
  readonly algorithms: readonly string[];
  /** One of these must be in `aud`. Never empty. */
  readonly audiences: readonly string[];
  /** Absent: tokens that any client got. */
  readonly authorizedParties?: readonly string[];
  /** The declared token types that are accepted. */
  readonly types: readonly TokenType[];
  readonly maxAgeSeconds?: number;
  readonly skewSeconds: number;
  readonly subjectClaim: string;
  /** Absent: `<id>:`. */
  readonly subjectPrefix?: string;
  readonly requiredClaims: readonly string[];
  readonly singleUse: boolean;
  readonly assertionMaxAgeSeconds: number;
}

interface FetchConfig {
  /** Hosts, with or without a port, that may resolve to internal addresses. */
  readonly allowedHosts: readonly string[];
  readonly timeoutMilliseconds: number;
  readonly maxBytes: number;
  readonly staleSeconds: number;
  readonly unknownKeyIntervalSeconds: number;
}

/** A client, with the names of RFC 7591. */
export interface ClientConfig {
  readonly client_id: string;
  readonly token_endpoint_auth_method:
    | 'client_secret_basic'
    | 'client_secret_post'
    | 'private_key_jwt'
    | 'none';
  readonly client_secret?: string;
  readonly jwks?: JsonWebKeySet;
  readonly jwks_uri?: string;
  readonly token_endpoint_auth_signing_alg?: string;
  readonly grant_types: readonly string[];
  /** Separated by single spaces. */
  readonly scope?: string;
  /** Ids of the relying parties it is the server of. */
  readonly represents: readonly string[];
  /** Id of the relying party meant when a request names none. */
  readonly default_target?: string;
  readonly legacy_client_assertion: boolean;
  /** In place of the limit for all. */
  readonly rate_limit?: RateConfig;
}

export interface RelyingPartyConfig extends RelyingParty {
  /** In place of the limit for all. */
  readonly rateLimit?: RateConfig;
}

interface RateConfig {
  readonly requestsPerSecond: number;
  readonly burst: number;
}

interface LimitsConfig {
  readonly maxBodyBytes: number;
  /** Absent: as many as come. */
  readonly perClient?: RateConfig | undefined;
  readonly perAddress?: RateConfig | undefined;
  readonly perSubject?: RateConfig | undefined;
  readonly perRelyingParty?: RateConfig | undefined;
  /** Hosts that share the store. */
  readonly nodes: number;
  readonly maxInFlight: number;
  readonly maxLoopDelayMilliseconds: number;
}

export interface SealKeyConfig {
  readonly keyBase64: string;
  /** Absent: it always has been. */
  readonly activeFrom?: Instant;
}

export interface KeptSecretsConfig {
  readonly keys: readonly SealKeyConfig[];
}

export interface RefreshTokenConfig {
  readonly keyBase64: string;
}

export interface AuditConfig {
  readonly file: string;
  /** 32 bytes or more. */
  readonly hmacKeyBase64: string;
  readonly waitMilliseconds: number;
  readonly maxFileBytes: number;
  readonly maxFileAgeSeconds?: number;
}

type LogLevel = 'error' | 'warn' | 'info' | 'debug';
