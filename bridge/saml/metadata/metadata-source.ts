// The keys of an issuer from metadata that is fetched.

import type { TrustedPublicKey } from '#bridge/xml/keys/trusted-key.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { createFetched, type FetchedDocument, type FetchedParts } from '#core/foreign/fetched.ts';
import type { Instant } from '#core/instant.ts';
import type { SamlKeys } from '../validator/saml-trust.ts';
import { type MetadataTerms, readSamlMetadata } from './metadata.ts';

type Keys = readonly TrustedPublicKey[];

export interface MetadataSourceParts extends MetadataTerms, FetchedParts {
  readonly url: string;
  /** Fetches within limits of time and size; its failures name no content. */
  readonly fetchText: (url: string) => Promise<FetchedDocument>;
}

const unavailable = (retryAfterSeconds: number | undefined): ExchangeFailure =>
  new ExchangeFailure('dependency-unavailable', 'the metadata of the issuer cannot be had', {
    retryAfterSeconds,
  });

/** Keys from metadata at an address. Nothing is fetched until the first assertion. */
export function createSamlMetadataSource(parts: MetadataSourceParts): SamlKeys {
  const { fetchText, url } = parts;
  const fetched = createFetched<Keys>(parts);
  const load = async (now: Instant) => {
    const { maxAgeSeconds, text } = await fetchText(url);
    const { cacheSeconds, keys, validUntil } = await readSamlMetadata(text, parts, now);
    // The document's own word before that of the server it happens to lie on.
    return { content: keys, freshSeconds: cacheSeconds ?? maxAgeSeconds, validUntil };
  };
  return {
    async signingKeys() {
      const known = await fetched.current(load);
      if (!known) throw unavailable(fetched.retryAfterSeconds());
      // What came just now is as new as it gets: nobody need look again for a while.
      if (known.isNew) fetched.countAsSearch();
      return known.content;
    },
    async searchKeys() {
      const keys = await fetched.search(load);
      // While the source fails, the signature may be of a new key: we cannot tell.
      const retryAfterSeconds = fetched.retryAfterSeconds();
      if (!keys || retryAfterSeconds !== undefined) throw unavailable(retryAfterSeconds);
      return keys;
    },
  };
}
