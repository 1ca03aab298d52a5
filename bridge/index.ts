// The bridge's whole face: what the composition root gives it, and the validators, issuers and routes it gives back.
import { X509Certificate } from 'node:crypto';
import type { Clock, Instant } from '#core/instant.ts';
import type { TokenIssuer } from '#core/token-issuer.ts';
import type { TokenValidator } from '#core/token-validator.ts';
import type { SamlSigningKeys } from './saml/assertion-signer.ts';
import { createSamlIssuer } from './saml/saml-issuer.ts';
import { pinnedKeys, type SamlTrust } from './saml/saml-trust.ts';
import { createSamlValidator } from './saml/saml-validator.ts';
import { type TrustedPublicKey, trustPublicKey } from './xml/keys.ts';

/** The terms for one trusted issuer of assertions, its keys as certificates. */
export interface BridgeTrust extends Omit<SamlTrust, 'keys'> {
  readonly certificatePems: readonly string[];
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
  };
  readonly trusted: readonly BridgeTrust[];
  /** Told of every assertion that SHA-1 took part in. */
  readonly onLegacySha1: (event: { readonly trustedIssuer: string }) => void;
}

export interface Bridge {
  readonly validators: readonly TokenValidator[];
  readonly issuers: readonly TokenIssuer[];
}

const trustedKeyOf = (certificatePem: string): TrustedPublicKey =>
  trustPublicKey(new X509Certificate(certificatePem).publicKey);

/** Builds the bridge.
 * @throws {Error} when a record of trust is unsafe */
export function createBridge(parts: BridgeParts): Bridge {
  const { clock, entityId, issuer, onLegacySha1, signingKeys, skewSeconds } = parts;
  // A key that joins or leaves the ring makes a new bridge: the list is as old as the ring.
  const ownKeys = pinnedKeys(signingKeys.samlCertificates(clock.now()).map(trustedKeyOf));
  const trusted = parts.trusted.map(
    ({ certificatePems, ...terms }): SamlTrust => ({
      ...terms,
      keys: pinnedKeys(certificatePems.map(trustedKeyOf)),
    }),
  );
  return {
    validators: [
      createSamlValidator({
        own: { issuer, entityId, skewSeconds, keys: ownKeys },
        trusted,
        clock,
        onLegacySha1,
      }),
    ],
    issuers: [createSamlIssuer({ keys: signingKeys, entityId })],
  };
}
