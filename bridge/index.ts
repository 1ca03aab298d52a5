// The bridge's whole face: what the composition root gives it, and the validators, issuers and routes it gives back.
import { type KeyObject, X509Certificate } from 'node:crypto';
import type { FetchedDocument, RefreshSettings } from '#core/fetched.ts';
import type { Clock, Instant } from '#core/instant.ts';
import type { TokenRef } from '#core/security-token.ts';
import type { TokenIssuer } from '#core/token-issuer.ts';
import type { TokenValidator } from '#core/token-validator.ts';
import { assertionIdOf, tokenIdOf } from './saml/assertion-id.ts';
import { createSecretFinder } from './saml/held-secret.ts';
import { createSignerSource, type SamlSigningKeys } from './saml/issuer/assertion-signer.ts';
import { createSamlIssuer } from './saml/issuer/saml-issuer.ts';
import { readSamlMetadata, requireLifetime } from './saml/metadata/metadata.ts';
import { createSamlMetadataSource } from './saml/metadata/metadata-source.ts';
import { pinnedKeys, type SamlKeys, type SamlTrust } from './saml/validator/saml-trust.ts';
import { createSamlValidator } from './saml/validator/saml-validator.ts';
import { withFederation } from './ws-federation/federation-front.ts';
import type { AnswerSigner } from './ws-security/encryption/answer-keys.ts';
import type { CertificateFinder } from './ws-security/signature/named-signer.ts';
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
import { createWsTrustFront, type WsTrustFront, type WsTrustFrontParts } from './ws-trust/front.ts';
import { type RestFrontParts, withRest } from './ws-trust/rest/rest-front.ts';
import { createKeyUnwrapper, decryptXml, type KeyUnwrappers } from './xml/encryption/decrypt.ts';
import { XmlFailure } from './xml/failure.ts';
import { type TrustedKey, type TrustedPublicKey, trustPublicKey } from './xml/keys/trusted-key.ts';

/** Where the keys of an issuer come from, as certificates or metadata. */
export type BridgeKeySource =
  | { readonly kind: 'pinned'; readonly certificatePems: readonly string[] }
  | {
      readonly kind: 'metadata';
      readonly url: string;
      readonly fetchText: (url: string) => Promise<FetchedDocument>;
      /** Whoever signs the metadata names the keys: only these may. */
      readonly signerCertificatePems: readonly string[];
      /** How far ahead its end may be; absent: it needs none. */
      readonly maxLifetimeSeconds?: number;
      /** The keys that an earlier bridge has for the same terms, or new ones. */
      readonly keep: <Keys>(create: () => Keys) => Keys;
    };

/** The terms for one trusted issuer of assertions. */
export interface BridgeTrust extends Omit<SamlTrust, 'keys'> {
  readonly keySource: BridgeKeySource;
}

export interface BridgeParts {
  readonly clock: Clock;
  /** Our issuer name, as core knows it. */
  readonly issuer: string;
  /** Our name in assertions and metadata. */
  readonly entityId: string;
  readonly skewSeconds: number;
  readonly signingKeys: SamlSigningKeys & {
    /** The certificates of our signing keys, superseded ones inside the overlap too. */
    samlCertificates(now: Instant): readonly string[];
    /** Those that verify our own assertions, for longer; with when they were superseded, where they are published no longer. */
    samlVerificationCertificates(
      now: Instant,
    ): readonly { readonly certificatePem: string; readonly signedBefore?: Instant }[];
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
  readonly metadataSettings: RefreshSettings;
  /** How often metadata was to be fetched anew. */
  readonly renewals: () => number;
  /** Told of every attempt to fetch metadata that failed; the cause is for the log. */
  readonly onMetadataFailure: (issuerId: string, cause: unknown) => void;
  /** Told of every assertion that SHA-1 took part in. */
  readonly onLegacySha1: (event: { readonly trustedIssuer: string }) => void;
}

/** A profile that is switched on besides the general one. */
export interface ProfileChoice {
  readonly name: 'adfs' | 'vcenter' | 'wso2';
  /** Id of the relying party meant when a request names none. */
  readonly defaultTarget?: string;
}

/** What the WS-Trust front needs; the token service is made of the bridge's own validators and issuers, so it comes later. */
export interface FrontParts
  extends Pick<
    WsTrustFrontParts,
    | 'admitRequestor'
    | 'admits'
    | 'audit'
    | 'challengeKey'
    | 'fence'
    | 'ledger'
    | 'marginSeconds'
    | 'newId'
    | 'onError'
    | 'relyingParties'
    | 'store'
    | 'sts'
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

export type { WsTrustFront, WsTrustResponse } from './ws-trust/front.ts';
export { REST_TOKEN_PATH } from './ws-trust/rest/rest-front.ts';

export interface Bridge {
  readonly validators: readonly TokenValidator[];
  readonly issuers: readonly TokenIssuer[];
  /** The WS-Trust front over a token service. */
  createFront(parts: FrontParts): WsTrustFront;
}

const trustedKeyOf = (certificatePem: string): TrustedPublicKey =>
  trustPublicKey(new X509Certificate(certificatePem).publicKey);

const derOf = (certificatePem: string): Uint8Array => new X509Certificate(certificatePem).raw;

const PROFILES: Readonly<Record<ProfileChoice['name'], EndpointProfile>> = {
  adfs: ADFS_PROFILE,
  vcenter: VCENTER_PROFILE,
  wso2: WSO2_PROFILE,
};

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

/** The WS-Trust front with the federation metadata beside it, where there is a key that assertions are signed with. */
function withMetadata(front: WsTrustFront, parts: FrontParts, bridge: BridgeParts): WsTrustFront {
  const { clock, decryption, entityId, signingKeys } = bridge;
  if (signingKeys.samlCertificates(clock.now()).length === 0) return front;
  const signingFor = createSignerSource(signingKeys);
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

interface FrontKeys {
  readonly issuer: string;
  readonly clock: Clock;
  readonly unwrappers: KeyUnwrappers | undefined;
  readonly signAnswer: ((now: Instant) => AnswerSigner) | undefined;
}

function createFront(
  parts: FrontParts,
  { clock, issuer, signAnswer, unwrappers }: FrontKeys,
): WsTrustFront {
  const { clockSkewSeconds, maxMessageBytes, maxMessageLifetimeSeconds, rest, ...others } = parts;
  const soap = createWsTrustFront({
    ...others,
    clock,
    unwrappers,
    ...(unwrappers && { findSecret: createSecretFinder(unwrappers) }),
    signAnswer,
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

function keysOf({ id, issuer, keySource, skewSeconds }: BridgeTrust, parts: BridgeParts): SamlKeys {
  if (keySource.kind === 'pinned') return pinnedKeys(keySource.certificatePems.map(trustedKeyOf));
  const { fetchText, keep, maxLifetimeSeconds, signerCertificatePems, url } = keySource;
  return keep(() =>
    createSamlMetadataSource({
      url,
      ...(maxLifetimeSeconds !== undefined && { maxLifetimeSeconds }),
      fetchText,
      entityId: issuer,
      signers: signerCertificatePems.map(trustedKeyOf),
      skewSeconds,
      clock: parts.clock,
      settings: parts.metadataSettings,
      renewals: parts.renewals,
      onFailure: (cause) => parts.onMetadataFailure(id, cause),
    }),
  );
}

/** Metadata to look at, and on which terms. */
export interface MetadataQuestion {
  readonly entityId: string;
  readonly signerCertificatePems: readonly string[];
  readonly maxLifetimeSeconds?: number;
  readonly skewSeconds: number;
  readonly now: Instant;
}

/** Verifies metadata and tells what is in it, before any assertion needs it. Whether it is still valid is not judged.
 * @throws {Error} when it is not acceptable XML, not signed by one of the certificates, of another entity, without usable keys, or good
 * for too long */
export async function inspectMetadata(
  text: string,
  { entityId, maxLifetimeSeconds, now, signerCertificatePems, skewSeconds }: MetadataQuestion,
): Promise<{ readonly signingKeys: number; readonly validUntil?: Instant }> {
  const signers = signerCertificatePems.map(trustedKeyOf);
  const terms = { entityId, signers, skewSeconds };
  try {
    // Before all times nothing has ended.
    const { keys, validUntil } = await readSamlMetadata(text, terms, Number.NEGATIVE_INFINITY);
    requireLifetime(validUntil, { ...terms, maxLifetimeSeconds }, now);
    return { signingKeys: keys.length, ...(validUntil !== undefined && { validUntil }) };
  } catch (cause) {
    if (!(cause instanceof XmlFailure)) throw cause;
    throw new Error(`${cause.reason}: ${cause.message}`, { cause });
  }
}

/** Our own keys; none where the configuration has no key for assertions: then none of ours verifies. */
function ownKeysOf({ clock, signingKeys }: BridgeParts): SamlKeys {
  // A key that joins or leaves the ring makes a new bridge: the list is as old as the ring.
  const certificates = signingKeys.samlVerificationCertificates(clock.now());
  const keys = certificates.map(({ certificatePem }) => trustedKeyOf(certificatePem));
  const signedBefore = (signer: TrustedKey): Instant | undefined =>
    certificates[keys.findIndex((key) => key === signer)]?.signedBefore;
  return { signingKeys: async () => keys, signedBefore };
}

/** Builds the bridge.
 * @throws {Error} when a record of trust is unsafe */
export function createBridge(parts: BridgeParts): Bridge {
  const { clock, entityId, issuer, maxAssertionBytes, onLegacySha1, signingKeys, skewSeconds } =
    parts;
  const unwrappers = parts.decryption?.privateKeys.map(createKeyUnwrapper);
  const signingFor = createSignerSource(signingKeys);
  const signAnswer = (now: Instant): AnswerSigner => ({
    signer: signingFor({ issuedAt: now }).signer,
    certificate: derOf(signingKeys.samlSigner(now).certificatePem),
  });
  const keys = { issuer, clock, unwrappers, signAnswer };
  const canSign = signingKeys.samlCertificates(clock.now()).length > 0;
  return {
    validators: [
      createSamlValidator({
        own: { issuer, entityId, skewSeconds, keys: ownKeysOf(parts) },
        trusted: parts.trusted.map(({ keySource, ...terms }) => ({
          ...terms,
          keys: keysOf({ keySource, ...terms }, parts),
        })),
        clock,
        onLegacySha1,
        ...(unwrappers && { decrypt: (data) => decryptXml(data, unwrappers) }),
      }),
    ],
    issuers: canSign
      ? [createSamlIssuer({ keys: signingKeys, entityId, maxBytes: maxAssertionBytes })]
      : [],
    createFront: (routes) => withMetadata(createFront(routes, keys), routes, parts),
  };
}
