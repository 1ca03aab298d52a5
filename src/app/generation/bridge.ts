// The bridge over the configuration: our SAML keys, whose assertions are trusted, and the SOAP front.
import { hkdfSync } from 'node:crypto';
import {
  type Bridge,
  type BridgeKeySource,
  type BridgeTrust,
  createBridge,
  type FrontParts,
  type WsTrustFront,
} from '#bridge';
import { ExchangeFailure } from '#core/failure.ts';
import type { Config } from '#src/config/config.ts';
import type { SamlKeySource } from '#src/config/sections/trusted-issuers/trusted-saml.ts';
import { loadDecryptionKeys } from '#src/keys/decryption-keys.ts';
import type { KeyRing } from '#src/keys/key-ring.ts';
import { parseStrictObject } from '#src/tokens/jwt/jws/strict-json.ts';
import type { FetchText } from '#src/trust/fetch-text.ts';
import type { Observers } from '../foundation/observers.ts';
import { certificateFinder } from '../trust/certificates.ts';
import type { KeptSources } from '../trust/kept-sources.ts';
import { createFetch, fetchTerms, refreshSettings, tellFetchFailure } from '../trust/trust.ts';
import type { CertificatesOfIssuers } from '../trust/trusted-certificates.ts';
import { marginSeconds } from './clock-margin.ts';

function keySourceOf(
  source: SamlKeySource,
  fetchText: FetchText,
  keep: <Keys>(create: () => Keys) => Keys,
): BridgeKeySource {
  if (source.kind === 'pinned') return source;
  const terms = { ...source, kind: 'metadata', keep } as const;
  return source.kind === 'metadata-url'
    ? { ...terms, url: source.url, fetchText }
    : { ...terms, url: '', fetchText: async () => ({ text: source.xml }) };
}

function bridgeTrust(config: Config, sources: KeptSources): readonly BridgeTrust[] {
  const fetchText = createFetch(config, 'metadata');
  return config.trustedIssuers.flatMap(({ enabledUntil, id, issuer, saml }) => {
    if (!saml) return [];
    const until = enabledUntil === undefined ? {} : { enabledUntil };
    const urls = saml.keySource.kind === 'metadata-url' ? [saml.keySource.url] : [];
    const fetch = fetchTerms(config, urls);
    const terms = ['saml', id, issuer, saml.keySource, saml.skewSeconds, fetch] as const;
    const keySource = keySourceOf(saml.keySource, fetchText, (create) =>
      sources.take(terms, create),
    );
    return [{ id, issuer, ...until, ...saml, keySource }];
  });
}

/** Of a request that brings an assertion back, what is not the assertion. */
const AROUND_BYTES = { form: 4 * 1024, message: 12 * 1024 } as const;

/** Whoever lets bodies be no longer than one such assertion gets it issued all the same. */
const SHORT_ASSERTION_BYTES = 16 * 1024;

/** The longest assertion that fits into a request, in base64url in a form and as it stands in a message. */
function longestAssertion({ limits, wsTrust }: Config): number {
  const inForm = Math.floor((limits.maxBodyBytes - AROUND_BYTES.form) * (3 / 4));
  const inMessage = (wsTrust?.maxMessageBytes ?? Number.POSITIVE_INFINITY) - AROUND_BYTES.message;
  return Math.max(SHORT_ASSERTION_BYTES, Math.min(inForm, inMessage));
}

/** The bridge of one generation.
 * @throws {Error} when a record of trust is unsafe */
export function createBridgeFrom(
  config: Config,
  { ring, sources }: { readonly ring: KeyRing; readonly sources: KeptSources },
  observers: Observers,
): Bridge {
  const { clock, logger } = observers;
  const decryption = loadDecryptionKeys(config.decryptionKeys);
  return createBridge({
    clock,
    issuer: config.issuer,
    entityId: config.saml.entityId,
    skewSeconds: config.clockSkewSeconds,
    signingKeys: ring,
    maxAssertionBytes: longestAssertion(config),
    ...(decryption && { decryption }),
    trusted: bridgeTrust(config, sources),
    metadataSettings: refreshSettings(config),
    renewals: sources.renewals,
    onMetadataFailure: (issuerId, cause) => tellFetchFailure(issuerId, cause, observers),
    onLegacySha1: ({ trustedIssuer }) =>
      logger.warn('an assertion was verified with SHA-1', { trustedIssuer }),
  });
}

/** What the SOAP front is built over. */
export type SoapParts = Pick<
  FrontParts,
  'admitRequestor' | 'audit' | 'fence' | 'ledger' | 'newId' | 'store' | 'sts'
> & {
  readonly bridge: Bridge;
  readonly certificates: CertificatesOfIssuers;
};

const CHALLENGE_KEY_BYTES = 32;

/** A key of its own purpose, from the one secret that all processes of an issuer share (RFC 5869). */
function challengeKeyOf({ audit, issuer }: Config): Uint8Array {
  const secret = Buffer.from(audit.hmacKeyBase64, 'base64');
  const purpose = 'viaduct ws-trust challenge';
  return new Uint8Array(hkdfSync('sha256', secret, issuer, purpose, CHALLENGE_KEY_BYTES));
}

/** The JSON of a request, read as strictly as that of a token: no name twice. */
function parseJson(body: Uint8Array): ReturnType<typeof parseStrictObject> {
  try {
    return parseStrictObject(body, 'the body');
  } catch (cause) {
    throw cause instanceof ExchangeFailure
      ? new ExchangeFailure('request-malformed', cause.message)
      : cause;
  }
}

/** The SOAP front as the configuration wants it.
 * @throws {Error} when it does not want one */
export function createSoapFront(
  config: Config,
  { bridge, certificates, ...parts }: SoapParts,
  { logger }: Observers,
): WsTrustFront {
  if (!config.wsTrust) throw new Error('the configuration has no wsTrust section');
  return bridge.createFront({
    ...parts,
    relyingParties: config.relyingParties,
    ...config.wsTrust,
    parseJson,
    marginSeconds: marginSeconds(config),
    challengeKey: challengeKeyOf(config),
    findCertificate: certificateFinder(certificates),
    onError: (cause, correlationId) => logger.error('request failed', { cause, correlationId }),
  });
}
