// Trusted issuers of the configuration with the source of their keys.
import type { Config } from '#src/config/config.ts';
import type { KeySource } from '#src/config/sections/trusted-issuers/trusted-jwt.ts';
import type { JwtTrust } from '#src/tokens/jwt/jwt-trust.ts';
import { DEFAULT_TYPES } from '#src/tokens/jwt/jwt-type.ts';
import { createFetchText, type FetchText } from '#src/trust/fetch-text.ts';
import {
  createTrustedIssuers,
  type RefreshEvent,
  type TrustedIssuerRecord,
} from '#src/trust/trusted-issuers.ts';
import type { Observers } from '../foundation/observers.ts';

/** How long a foreign key set is fresh when it does not say. */
const DEFAULT_FRESH_SECONDS = 300;

function recordedKeys(source: KeySource): TrustedIssuerRecord['keys'] {
  if (source.kind === 'pinned') return { kind: 'pinned', jwks: JSON.stringify(source.jwks) };
  return source.kind === 'url' ? { kind: 'jwks-uri', uri: source.url } : { kind: 'discovery' };
}

/** Fetches documents of others within the limits of the configuration. */
export function createFetch(config: Config, form?: 'json' | 'metadata'): FetchText {
  const { allowedHosts, maxBytes, timeoutMilliseconds } = config.fetch;
  const limits = {
    allowedHosts,
    maxBodyBytes: maxBytes,
    timeoutSeconds: timeoutMilliseconds / 1000,
  };
  return createFetchText(limits, form);
}

/** How often and how long keys and metadata of others are kept. */
export function refreshSettings({ fetch }: Config) {
  return {
    refetchSeconds: fetch.unknownKeyIntervalSeconds,
    staleSeconds: fetch.staleSeconds,
    defaultFreshSeconds: DEFAULT_FRESH_SECONDS,
  };
}

/** Counts and logs what could not be fetched. */
export function tellRefresh(
  { cause, issuerId, outcome }: RefreshEvent,
  { logger, metrics }: Observers,
): void {
  if (outcome === 'renewed') return;
  metrics.jwksRefreshFailures.increment({ issuer: issuerId });
  logger.warn('keys of a trusted issuer cannot be fetched', { issuer: issuerId, cause });
}

/** The terms of trust with the source of their keys. */
export function trustedJwtIssuers(config: Config, observers: Observers): readonly JwtTrust[] {
  const records = config.trustedIssuers.flatMap(({ aliases, enabledUntil, id, issuer, jwt }) => {
    const until = enabledUntil === undefined ? {} : { enabledUntil };
    return jwt ? [{ issuer: { id, issuer, aliases, ...until }, jwt }] : [];
  });
  const sources = createTrustedIssuers(
    records.map(({ issuer: { id, issuer }, jwt }) => ({
      id,
      issuer,
      keys: recordedKeys(jwt.keySource),
    })),
    {
      fetchText: createFetch(config),
      clock: observers.clock,
      settings: refreshSettings(config),
      onRefresh: (event) => tellRefresh(event, observers),
    },
  );
  return records.map(({ issuer, jwt }) => ({
    ...issuer,
    ...jwt,
    types: Object.fromEntries(
      Object.entries(DEFAULT_TYPES).filter(([type]) => jwt.types.some((name) => name === type)),
    ),
    verificationKey: (wanted) => sources.keysOf(issuer.id).verificationKey(wanted),
  }));
}
