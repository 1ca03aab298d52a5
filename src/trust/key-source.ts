// The keys of one issuer that are fetched.
import type { KeyObject } from 'node:crypto';
import { ExchangeFailure } from '#core/failure.ts';
import { createFetched, type FetchedDocument, type FetchedParts } from '#core/foreign/fetched.ts';
import { type KeySet, parseJwks, type WantedKey } from './jwks.ts';

export interface KeySourceParts extends FetchedParts {
  /** Fetches the JWK Set. */
  readonly load: () => Promise<FetchedDocument>;
}

/** Finds verification keys of one issuer. */
export interface KeySource {
  /** @throws {ExchangeFailure} `signature-invalid` when the issuer has no such key; `dependency-unavailable` when
   * that cannot be known, with the seconds until the source is asked again */
  verificationKey(wanted: WantedKey): Promise<KeyObject>;
}

const unavailable = (retryAfterSeconds: number | undefined): ExchangeFailure =>
  new ExchangeFailure('dependency-unavailable', 'the keys of the issuer cannot be fetched', {
    retryAfterSeconds,
  });
const unknownKey = (cause?: unknown): ExchangeFailure =>
  new ExchangeFailure('signature-invalid', 'the issuer has no key that fits', { cause });

/** The key, imported; a key that cannot be is as good as none.
 * @throws {ExchangeFailure} `signature-invalid` */
export async function foundKey(found: Promise<KeyObject> | undefined): Promise<KeyObject> {
  if (!found) throw unknownKey();
  try {
    return await found;
  } catch (cause) {
    throw unknownKey(cause);
  }
}

/** A source of keys over a fetch. Nothing is fetched until the first token. */
export function createKeySource({ load, ...parts }: KeySourceParts): KeySource {
  const fetched = createFetched<KeySet>(parts);
  const loadKeys = async () => {
    const { maxAgeSeconds, text } = await load();
    return { content: parseJwks(text), freshSeconds: maxAgeSeconds };
  };
  return {
    async verificationKey(wanted) {
      const known = await fetched.current(loadKeys);
      if (!known) throw unavailable(fetched.retryAfterSeconds());
      const found = known.content.find(wanted);
      if (found) return foundKey(found);
      // Just fetched for this very token: that was its search.
      if (known.isNew) fetched.countAsSearch();
      const searched = (await fetched.search(loadKeys))?.find(wanted);
      // While the source fails, an unknown key may be a new one: we cannot tell.
      const retryAfterSeconds = fetched.retryAfterSeconds();
      if (!searched && retryAfterSeconds !== undefined) throw unavailable(retryAfterSeconds);
      return foundKey(searched);
    },
  };
}
