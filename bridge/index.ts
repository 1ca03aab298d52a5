// The bridge's whole face: what the composition root gives it, and the validators, issuers and routes it gives back.
import { type KeyObject, X509Certificate } from 'node:crypto';
import type { Instant } from '#core/instant.ts';
import type { TokenRef } from '#core/token/security-token.ts';
import type { TokenIssuer } from '#core/token/token-issuer.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { assertionIdOf, tokenIdOf } from './saml/assertion-id.ts';
import { createSecretFinder } from './saml/held-secret.ts';
import { createSignerSource, type SamlSigningKeys } from './saml/issuer/assertion-signer.ts';
import { createSamlIssuer } from './saml/issuer/saml-issuer.ts';
import {
  type KeySource,
  keysFrom,
  type MetadataParts,
  type OwnCertificate,
  ownKeys,
} from './saml/issuer-keys.ts';
import type { SamlTrust } from './saml/validator/saml-trust.ts';
import { createSamlValidator } from './saml/validator/saml-validator.ts';
import { withFederation } from './ws-federation/federation-front.ts';
import type { CertificateFinder } from './ws-security/signature/certificate-name.ts';
import {
  changeEndpoints,
  type EndpointChange,
  type RefusedChange,
  refusedChanges,
} from './ws-trust/endpoint/endpoint-changes.ts';
import type { EndpointProfile } from './ws-trust/endpoint/endpoint-profile.ts';
import {
  ADFS_PROFILE,
  GENERIC_PROFILE,
  VCENTER_PROFILE,
  WSO2_PROFILE,
} from './ws-trust/endpoint/profiles.ts';
import type { WsTrustFront } from './ws-trust/front.ts';
import { type RestFrontParts, withRest } from './ws-trust/rest/rest-front.ts';
import { createWsTrustFront, type WsTrustFrontParts } from './ws-trust/soap-front.ts';
import { createKeyUnwrapper, decryptXml, type KeyUnwrappers } from './xml/encryption/decrypt.ts';

/** The terms for one trusted issuer of assertions. */
export interface BridgeTrust extends Omit<SamlTrust, 'keys'> {
  readonly keySource: KeySource;
}

export interface BridgeParts extends MetadataParts {
  /** Our issuer name, as core knows it. */
  readonly issuer: string;
  /** Our name in assertions and metadata. */
  readonly entityId: string;
  readonly skewSeconds: number;
  readonly signingKeys: SamlSigningKeys & {
    /** The certificates of our signing keys, superseded ones inside the overlap too. */
    samlCertificates(now: Instant): readonly string[];
    /** Those that verify our own assertions, for longer. */
    samlVerificationCertificates(now: Instant): readonly OwnCertificate[];
  };
  /** The longest assertion that can come back to us. */
  readonly maxAssertionBytes: number;
  /** Our own keys to decrypt with; absent: what is encrypted is refused. */
  readonly decryption?: {
    readonly privateKeys: readonly KeyObject[];
    /** PEM of the certificate that others shall encrypt to. */
    publishedCertificate(now: Instant): string | undefined;
  };
  readonly trusted: readonly BridgeTrust[];
  /** Told of every assertion that SHA-1 took part in. */
  readonly onLegacySha1: (event: { readonly trustedIssuer: string }) => void;
}

/** The profiles that can be switched on besides the general one. */
const PROFILES = {
  adfs: ADFS_PROFILE,
  vcenter: VCENTER_PROFILE,
  wso2: WSO2_PROFILE,
} as const satisfies Readonly<Record<string, EndpointProfile>>;

/** A profile that is switched on. */
export interface ProfileChoice {
  readonly name: keyof typeof PROFILES;
  /** Id of the relying party meant when a request names none. */
  readonly defaultTarget?: string;
}

/** What the WS-Trust front needs; the token service is made of the bridge's own validators and issuers, so it comes later. */
export interface FrontParts
  extends Omit<
    WsTrustFrontParts,
    | 'assertionIdOf'
    | 'clock'
    | 'findSecret'
    | 'limits'
    | 'profiles'
    | 'signAnswer'
    | 'tokenOfAssertion'
    | 'unwrappers'
  > {
  readonly profiles: readonly ProfileChoice[];
  /** What is special about addresses. */
  readonly endpoints: readonly EndpointChange[];
  /** The REST form; absent: there is none. */
  readonly rest?: Pick<RestFrontParts, 'credentials'>;
  readonly parseJson: RestFrontParts['parseJson'];
  /** Finds certificates that messages only name. */
  readonly findCertificate: CertificateFinder;
  readonly maxMessageBytes: number;
  readonly clockSkewSeconds: number;
  readonly maxMessageLifetimeSeconds: number;
}

export { inspectMetadata, type KeySource as BridgeKeySource } from './saml/issuer-keys.ts';
export type { WsTrustFront, WsTrustResponse } from './ws-trust/front.ts';
export { REST_TOKEN_PATH } from './ws-trust/rest/rest-front.ts';

export interface Bridge {
  readonly validators: readonly TokenValidator[];
  readonly issuers: readonly TokenIssuer[];
  /** The WS-Trust front over a token service. */
  createFront(parts: FrontParts): WsTrustFront;
}

const derOf = (certificatePem: string): Uint8Array => new X509Certificate(certificatePem).raw;

const tokenOfAssertion =
  (issuer: string) =>
  (assertionId: string): TokenRef | undefined => {
    const id = tokenIdOf(assertionId);
    return id === undefined ? undefined : { issuer, id };
  };

type Addresses = Pick<FrontParts, 'endpoints' | 'profiles'>;

const chosenProfiles = ({ profiles }: Addresses): readonly EndpointProfile[] => [
  GENERIC_PROFILE,
  ...profiles.map(({ name, ...choice }) => ({ ...PROFILES[name], ...choice })),
];

const profilesOf = (addresses: Addresses): readonly EndpointProfile[] =>
  changeEndpoints(chosenProfiles(addresses), addresses.endpoints);

/** What is said of addresses and cannot be so, before a front is made. */
export const refusedEndpoints = (addresses: Addresses): readonly RefusedChange[] =>
  refusedChanges(chosenProfiles(addresses), addresses.endpoints);

/** What a front is made with, besides its parts. */
interface FrontKeys {
  readonly bridge: BridgeParts;
  readonly unwrappers: KeyUnwrappers | undefined;
  readonly signingFor: ReturnType<typeof createSignerSource>;
}

/** The WS-Trust front, with the REST form where it is asked for. */
function createFront(
  parts: FrontParts,
  { bridge: { clock, issuer, signingKeys }, signingFor, unwrappers }: FrontKeys,
): WsTrustFront {
  const { clockSkewSeconds, maxMessageBytes, maxMessageLifetimeSeconds, rest, ...others } = parts;
  const soap = createWsTrustFront({
    ...others,
    clock,
    unwrappers,
    ...(unwrappers && { findSecret: createSecretFinder(unwrappers) }),
    signAnswer: (now) => ({
      signer: signingFor({ issuedAt: now }).signer,
      certificate: derOf(signingKeys.samlSigner(now).certificatePem),
    }),
    assertionIdOf,
    tokenOfAssertion: tokenOfAssertion(issuer),
    profiles: profilesOf(parts),
    limits: {
      skewSeconds: clockSkewSeconds,
      maxBodyBytes: maxMessageBytes,
      maxTimestampLifetimeSeconds: maxMessageLifetimeSeconds,
    },
  });
  return rest ? withRest(soap, { ...others, ...rest }) : soap;
}

/** The front with the federation metadata beside it. */
function withMetadata(
  front: WsTrustFront,
  parts: FrontParts,
  { bridge: { clock, decryption, entityId, signingKeys }, signingFor }: FrontKeys,
): WsTrustFront {
  return withFederation(front, {
    entityId,
    certificatesAt: (now) => signingKeys.samlCertificates(now).map(derOf),
    encryptionCertificateAt(now) {
      const published = decryption?.publishedCertificate(now);
      return published === undefined ? undefined : derOf(published);
    },
    signingAt: (now) => signingFor({ issuedAt: now }),
    profiles: profilesOf(parts),
    relyingParties: parts.relyingParties,
    clock,
    newId: parts.newId,
    onError: parts.onError,
  });
}

/** Builds the bridge.
 * @throws {Error} when a record of trust is unsafe */
export function createBridge(parts: BridgeParts): Bridge {
  const { clock, entityId, issuer, maxAssertionBytes, onLegacySha1, signingKeys, skewSeconds } =
    parts;
  const unwrappers = parts.decryption?.privateKeys.map(createKeyUnwrapper);
  const signingFor = createSignerSource(signingKeys);
  // A key that joins or leaves the ring makes a new bridge: what is asked of it here is as old as the ring.
  const now = clock.now();
  const keys = ownKeys(signingKeys.samlVerificationCertificates(now));
  const canSign = signingKeys.samlCertificates(now).length > 0;
  return {
    validators: [
      createSamlValidator({
        own: { issuer, entityId, skewSeconds, keys },
        trusted: parts.trusted.map(({ keySource, ...terms }) => ({
          ...terms,
          keys: keysFrom(keySource, terms, parts),
        })),
        clock,
        onLegacySha1,
        ...(unwrappers && { decrypt: (data) => decryptXml(data, unwrappers) }),
      }),
    ],
    issuers: canSign
      ? [createSamlIssuer({ keys: signingKeys, entityId, maxBytes: maxAssertionBytes })]
      : [],
    createFront(routes) {
      const made = { bridge: parts, signingFor, unwrappers };
      const front = createFront(routes, made);
      return canSign ? withMetadata(front, routes, made) : front;
    },
  };
}
