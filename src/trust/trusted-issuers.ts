// The verification keys of all trusted issuers: pinned, at an address, or found by discovery.
import type { Clock } from '#core/instant.ts';
import { discoverJwks } from './discovery.ts';
import type { FetchText } from './fetch-text.ts';
import { parsePinnedJwks } from './jwks.ts';
import { createKeySource, foundKey, type KeySource, type RefreshSettings } from './key-source.ts';

/** Where the keys of one issuer come from. */
export interface TrustedIssuerRecord {
  readonly id: string;
  readonly issuer: string;
  readonly keys:
    | { readonly kind: 'pinned' /** The text of a JWK Set. */; readonly jwks: string }
    | { readonly kind: 'jwks-uri'; readonly uri: string }
    | { readonly kind: 'discovery' };
}

/** One attempt to renew the keys of an issuer. */
export interface RefreshEvent {
  readonly issuerId: string;
  readonly outcome: 'renewed' | 'failed';
  /** For the log only. */
  readonly cause?: unknown;
}

interface TrustParts {
  readonly fetchText: FetchText;
  readonly clock: Clock;
  readonly settings: RefreshSettings;
  readonly onRefresh: (event: RefreshEvent) => void;
}

export interface TrustedIssuers {
  /** The keys of the issuer with this configured id.
   * @throws {Error} when there is none */
  keysOf(id: string): KeySource;
}

function pinnedSource({ id }: TrustedIssuerRecord, jwks: string): KeySource {
  try {
    const keys = parsePinnedJwks(jwks);
    return { verificationKey: async (wanted) => foundKey(keys.find(wanted)) };
  } catch (cause) {
    throw new Error(`trusted issuer ${id}: ${cause instanceof Error ? cause.message : 'keys'}`, {
      cause,
    });
  }
}

function sourceOf(record: TrustedIssuerRecord, parts: TrustParts): KeySource {
  const { id, issuer, keys } = record;
  if (keys.kind === 'pinned') return pinnedSource(record, keys.jwks);
  const { clock, fetchText, onRefresh, settings } = parts;
  return createKeySource({
    load: () => (keys.kind === 'jwks-uri' ? fetchText(keys.uri) : discoverJwks(issuer, fetchText)),
    clock,
    settings,
    onRefresh: (outcome, cause) =>
      onRefresh({ issuerId: id, outcome, ...(cause !== undefined && { cause }) }),
  });
}

/** The keys of all issuers. Nothing is fetched before the first token of an issuer comes.
 * @throws {Error} when pinned keys cannot be used */
export function createTrustedIssuers(
  records: readonly TrustedIssuerRecord[],
  parts: TrustParts,
): TrustedIssuers {
  const sources = new Map(records.map((record) => [record.id, sourceOf(record, parts)]));
  return {
    keysOf(id) {
      const source = sources.get(id);
      if (!source) throw new Error(`no trusted issuer has the id ${id}`);
      return source;
    },
  };
}
