// The federation metadata beside the WS-Trust front, at its own address.

import type { EndpointProfile } from '#bridge/ws-trust/endpoint/endpoint-profile.ts';
import type { WsTrustFront, WsTrustResponse } from '#bridge/ws-trust/front.ts';
import type { Instant } from '#core/instant.ts';
import type { RelyingParty } from '#core/request/relying-party.ts';
import { TOKEN_TYPES } from '#core/token/token-type.ts';
import {
  createFederationRoute,
  FEDERATION_METADATA_HEADERS,
  FEDERATION_METADATA_PATH,
  type FederationRouteParts,
} from './federation-route.ts';

export interface FederationParts extends Omit<FederationRouteParts, 'factsAt'> {
  /** Our name in assertions. */
  readonly entityId: string;
  /** DER of the certificates whose keys sign assertions now, next or lately. */
  readonly certificatesAt: (now: Instant) => readonly Uint8Array[];
  /** DER of the certificate to encrypt to, where there is one. */
  readonly encryptionCertificateAt: (now: Instant) => Uint8Array | undefined;
  /** Whose addresses issue tokens. */
  readonly profiles: readonly EndpointProfile[];
  readonly relyingParties: readonly RelyingParty[];
  /** Hears of our own mistakes, for the log. */
  readonly onError: (cause: unknown, correlationId: string) => void;
}

/** Names of claims that are what claim types are: absolute URIs. */
const claimTypesOf = (parties: readonly RelyingParty[]): readonly string[] => [
  ...new Set(
    parties
      .flatMap(({ claims }) => claims.map(({ claim }) => claim))
      .filter((name) => URL.canParse(name)),
  ),
];

// In any case: so Windows serves it, and many readers have it in lower case.
const isMetadata = (path: string): boolean =>
  path.toLowerCase() === FEDERATION_METADATA_PATH.toLowerCase();

/** The front, which answers for the metadata as well. */
export function withFederation(front: WsTrustFront, parts: FederationParts): WsTrustFront {
  const ports = parts.profiles.flatMap((profile) => profile.ports);
  const answer = createFederationRoute({
    ...parts,
    factsAt: (now, publicBase) => ({
      entityId: parts.entityId,
      certificates: parts.certificatesAt(now),
      encryptionCertificate: parts.encryptionCertificateAt(now),
      endpoints: [...new Set(ports.map(({ path }) => `${publicBase}${path}`))],
      tokenTypeUris: [
        ...TOKEN_TYPES.saml1.wsTrust,
        ...TOKEN_TYPES.saml2.wsTrust,
        ...TOKEN_TYPES.jwt.wsTrust,
      ],
      claimTypeUris: claimTypesOf(parts.relyingParties),
    }),
  });
  return {
    ...front,
    routeOf: (path) => (isMetadata(path) ? FEDERATION_METADATA_PATH : front.routeOf(path)),
    async handle(request): Promise<WsTrustResponse> {
      if (!isMetadata(request.path)) return front.handle(request);
      const correlation = { 'x-correlation-id': request.correlationId };
      if (request.method !== 'GET' && request.method !== 'HEAD')
        return { status: 405, headers: { ...correlation, allow: 'GET, HEAD' }, body: '' };
      try {
        const body = await answer(request.publicBase);
        return { status: 200, headers: { ...FEDERATION_METADATA_HEADERS, ...correlation }, body };
      } catch (cause) {
        parts.onError(cause, request.correlationId);
        const headers = { ...correlation, 'retry-after': '1' };
        return { status: 503, headers, body: '', reason: 'dependency-unavailable' };
      }
    },
  };
}
