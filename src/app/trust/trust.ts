// Trusted issuers of the configuration with the source of their keys.
import type { RefreshSettings } from '#core/foreign/fetched.ts';
import type { Config } from '#src/config/config.ts';
import type { JwtKeySource } from '#src/config/sections/trusted-issuers/trusted-jwt.ts';
import type { JwtTrust } from '#src/tokens/jwt/jwt-trust.ts';
import {
  createFetchBytes,
  createFetchText,
  type FetchBytes,
  type FetchLimits,
  type FetchText,
} from '#src/trust/fetch-text.ts';
import { createIssuerKeys, type IssuerKeysRecord } from '#src/trust/issuer-keys.ts';
import type { Observers } from '../foundation/observers.ts';
import type { KeptSources } from './kept-sources.ts';

/** How long a foreign key set is fresh when it does not say. */
const DEFAULT_FRESH_SECONDS = 300;
/** Lists of revocation are longer than keys and metadata. */
const MAX_REVOCATION_BYTES = 8 * 1024 * 1024;

function recordedKeys(source: JwtKeySource): IssuerKeysRecord['keys'] {
  return source.kind === 'pinned' ? { kind: 'pinned', jwks: JSON.stringify(source.jwks) } : source;
}

const fetchLimits = (
  { fetch: { allowedHosts, certificateAuthorities, timeoutMilliseconds } }: Config,
  maxBodyBytes: number,
): FetchLimits => ({
  allowedHosts,
  maxBodyBytes,
  timeoutSeconds: timeoutMilliseconds / 1000,
  ...(certificateAuthorities && { certificateAuthorities }),
});

/** What of `fetch` bears on these addresses: what was fetched there goes on while that is the same, whatever
 * hosts are allowed for others. */
export function fetchTerms({ fetch }: Config, addresses: readonly string[]): Config['fetch'] {
  const hosts = addresses.map((address) => new URL(address).hostname);
  const isOfThese = (allowed: string) =>
    hosts.some((host) => allowed === host || allowed.startsWith(`${host}:`));
  return { ...fetch, allowedHosts: fetch.allowedHosts.filter(isOfThese) };
}

/** The same of keys. By its metadata a party that is inside leads to any host there, and one outside to none. */
function keyTerms(config: Config, issuer: string, source: JwtKeySource): Config['fetch'] {
  if (source.kind === 'pinned') return fetchTerms(config, []);
  if (source.kind === 'url') return fetchTerms(config, [source.url]);
  const own = fetchTerms(config, [issuer]);
  return own.allowedHosts.length > 0 ? config.fetch : own;
}

/** Fetches documents of others within the limits of the configuration. */
export const createFetch = (config: Config, form?: 'json' | 'metadata'): FetchText =>
  createFetchText(fetchLimits(config, config.fetch.maxBytes), form);

/** Asks about revocation within the limits of the configuration. */
export const createRevocationFetch = (config: Config): FetchBytes =>
  createFetchBytes(fetchLimits(config, MAX_REVOCATION_BYTES));

/** How often and how long keys and metadata of others are kept. */
export function refreshSettings({ fetch }: Config): RefreshSettings {
  return {
    refetchSeconds: fetch.unknownKeyIntervalSeconds,
    staleSeconds: fetch.staleSeconds,
    defaultFreshSeconds: DEFAULT_FRESH_SECONDS,
  };
}

/** Counts and logs that keys of an issuer could not be fetched. */
export function tellFetchFailure(
  issuer: string,
  cause: unknown,
  { logger, metrics }: Observers,
): void {
  metrics.jwksRefreshFailures.increment({ issuer });
  logger.warn('keys of a trusted issuer cannot be fetched', { issuer, cause });
}

/** The terms of trust with the source of their keys. */
export function trustedJwtIssuers(
  config: Config,
  sources: KeptSources,
  observers: Observers,
): readonly JwtTrust[] {
  const fetching = {
    fetchText: createFetch(config),
    clock: observers.clock,
    settings: refreshSettings(config),
    renewals: sources.renewals,
  };
  return config.trustedIssuers.flatMap(({ aliases, enabledUntil, id, issuer, jwt }) => {
    if (!jwt) return [];
    const keys = recordedKeys(jwt.keySource);
    const onFailure = (cause: unknown) => tellFetchFailure(id, cause, observers);
    const source = sources.take(
      ['jwt', id, issuer, jwt.keySource, keyTerms(config, issuer, jwt.keySource)],
      () => createIssuerKeys({ id, issuer, keys }, { ...fetching, onFailure }),
    );
    return {
      id,
      issuer,
      aliases,
      ...(enabledUntil !== undefined && { enabledUntil }),
      ...jwt,
      verificationKey: (wanted) => source.verificationKey(wanted),
    };
  });
}
