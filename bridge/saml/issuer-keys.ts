// The keys of issuers: our own, and those of trusted ones as certificates or in metadata.

import { X509Certificate } from 'node:crypto';
import { XmlFailure } from '#bridge/xml/failure.ts';
import {
  type TrustedKey,
  type TrustedPublicKey,
  trustPublicKey,
} from '#bridge/xml/keys/trusted-key.ts';
import type { FetchedDocument, RefreshSettings } from '#core/foreign/fetched.ts';
import type { Clock, Instant } from '#core/instant.ts';
import { readSamlMetadata, requireLifetime } from './metadata/metadata.ts';
import { createSamlMetadataSource } from './metadata/metadata-source.ts';
import { pinnedKeys, type SamlKeys, type SamlTrust } from './validator/saml-trust.ts';

/** Where the keys of an issuer come from, as certificates or metadata. */
export type KeySource =
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

/** What metadata is fetched with. */
export interface MetadataParts {
  readonly clock: Clock;
  readonly metadataSettings: RefreshSettings;
  /** How often metadata was to be fetched anew. */
  readonly renewals: () => number;
  /** Told of every attempt to fetch metadata that failed; the cause is for the log. */
  readonly onMetadataFailure: (issuerId: string, cause: unknown) => void;
}

const trustedKeyOf = (certificatePem: string): TrustedPublicKey =>
  trustPublicKey(new X509Certificate(certificatePem).publicKey);

/** The keys of a trusted issuer.
 * @throws {Error} when none is pinned, or one cannot be used */
export function keysFrom(
  source: KeySource,
  { id, issuer, skewSeconds }: Pick<SamlTrust, 'id' | 'issuer' | 'skewSeconds'>,
  parts: MetadataParts,
): SamlKeys {
  if (source.kind === 'pinned') return pinnedKeys(source.certificatePems.map(trustedKeyOf));
  const { keep, signerCertificatePems, ...terms } = source;
  return keep(() =>
    createSamlMetadataSource({
      ...terms,
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

/** A certificate of ours; with when its key was superseded, where it is published no longer. */
export interface OwnCertificate {
  readonly certificatePem: string;
  readonly signedBefore?: Instant;
}

/** Our own keys; of none, none of our assertions verifies. */
export function ownKeys(certificates: readonly OwnCertificate[]): SamlKeys {
  const keys = certificates.map(({ certificatePem }) => trustedKeyOf(certificatePem));
  const signedBefore = (signer: TrustedKey): Instant | undefined =>
    certificates[keys.findIndex((key) => key === signer)]?.signedBefore;
  return { signingKeys: async () => keys, signedBefore };
}
