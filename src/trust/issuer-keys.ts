// The verification keys of one trusted issuer: pinned, at an address, or found by discovery.
import { discoverJwks } from './discovery.ts';
import type { FetchText } from './fetch-text.ts';
import { parsePinnedJwks } from './jwks.ts';
import { createKeySource, foundKey, type KeySource, type KeySourceParts } from './key-source.ts';

/** Where the keys of one issuer come from. */
export interface IssuerKeysRecord {
  readonly id: string;
  readonly issuer: string;
  readonly keys:
    | { readonly kind: 'pinned' /** The text of a JWK Set. */; readonly jwks: string }
    | { readonly kind: 'url'; readonly url: string }
    | { readonly kind: 'discovery' };
}

interface IssuerKeysParts extends Omit<KeySourceParts, 'load'> {
  readonly fetchText: FetchText;
}

function pinnedSource(id: string, jwks: string): KeySource {
  try {
    const keys = parsePinnedJwks(jwks);
    return { verificationKey: async (wanted) => foundKey(keys.find(wanted)) };
  } catch (cause) {
    throw new Error(`trusted issuer ${id}: ${cause instanceof Error ? cause.message : 'keys'}`, {
      cause,
    });
  }
}

/** The keys of an issuer. Nothing is fetched before its first token comes.
 * @throws {Error} when pinned keys cannot be used */
export function createIssuerKeys(
  { id, issuer, keys }: IssuerKeysRecord,
  { fetchText, ...parts }: IssuerKeysParts,
): KeySource {
  if (keys.kind === 'pinned') return pinnedSource(id, keys.jwks);
  const load = () => (keys.kind === 'url' ? fetchText(keys.url) : discoverJwks(issuer, fetchText));
  return createKeySource({ ...parts, load });
}
