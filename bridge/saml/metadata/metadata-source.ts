// The keys of an issuer from metadata that is fetched: kept, renewed, kept a little longer while the source fails, and asked
// for again when a signature fits none of them, but never more often than the interval allows.

import type { TrustedPublicKey } from '#bridge/xml/keys/keys.ts';
import type { Clock, Instant } from '#core/instant.ts';
import { refuse } from '../refusal.ts';
import type { SamlKeys } from '../validator/saml-trust.ts';
import type { MetadataTerms, SamlMetadata } from './metadata.ts';
import { readSamlMetadata } from './metadata.ts';

/** A fetched document. */
export interface FetchedMetadata {
  readonly text: string;
  /** What Cache-Control says; absent when it says nothing. */
  readonly maxAgeSeconds?: number;
}

export interface MetadataSettings {
  /** The least time between two fetches for unknown keys, and between attempts while the source fails. */
  readonly refetchSeconds: number;
  /** How long keys are used beyond their freshness while the source fails. */
  readonly staleSeconds: number;
  /** How long keys are fresh when the document does not say. */
  readonly defaultFreshSeconds: number;
}

export interface MetadataSourceParts extends MetadataTerms {
  readonly url: string;
  /** Fetches within limits of time and size; its failures name no content. */
  readonly fetchText: (url: string) => Promise<FetchedMetadata>;
  readonly clock: Clock;
  readonly settings: MetadataSettings;
  /** Told of every attempt; the cause of a failure is for the log. */
  readonly onRefresh: (outcome: 'renewed' | 'failed', cause?: unknown) => void;
}

interface HeldMetadata {
  readonly keys: readonly TrustedPublicKey[];
  readonly freshUntil: Instant;
  readonly staleUntil: Instant;
}

const MIN_FRESH_SECONDS = 60;
const MAX_FRESH_SECONDS = 86_400;

function hold(
  { keys, validUntil, cacheSeconds }: SamlMetadata,
  { maxAgeSeconds }: FetchedMetadata,
  { now, settings }: { readonly now: Instant; readonly settings: MetadataSettings },
): HeldMetadata {
  // The document's own word before that of the server it happens to lie on.
  const stated = cacheSeconds ?? maxAgeSeconds ?? settings.defaultFreshSeconds;
  const freshUntil = now + Math.min(Math.max(stated, MIN_FRESH_SECONDS), MAX_FRESH_SECONDS);
  // No failing source keeps keys alive past the date that their owner set.
  const end = validUntil ?? Number.POSITIVE_INFINITY;
  return {
    keys,
    freshUntil: Math.min(freshUntil, end),
    staleUntil: Math.min(freshUntil + settings.staleSeconds, end),
  };
}

/** Keys from metadata at an address. Nothing is fetched until the first assertion. */
export function createSamlMetadataSource(parts: MetadataSourceParts): SamlKeys {
  const { clock, fetchText, onRefresh, settings, url } = parts;
  let held: HeldMetadata | undefined;
  let failedAt: Instant | undefined;
  let searchedAt: Instant | undefined;
  let running: Promise<void> | undefined;

  // A clock that was set back must not stop refreshing until it has caught up.
  const isDue = (last: Instant | undefined, now: Instant): boolean =>
    last === undefined || now < last || now - last >= settings.refetchSeconds;

  async function attempt(now: Instant): Promise<void> {
    try {
      const document = await fetchText(url);
      held = hold(await readSamlMetadata(document.text, parts, now), document, { now, settings });
      failedAt = undefined;
      onRefresh('renewed');
    } catch (cause) {
      failedAt = now;
      onRefresh('failed', cause);
    } finally {
      running = undefined;
    }
  }

  /** Fetches, unless the last failure is too young. All who come meanwhile wait for the same fetch. */
  async function refresh(now: Instant): Promise<void> {
    if (!running && isDue(failedAt, now)) running = attempt(now);
    await running;
  }

  async function usableKeys(now: Instant): Promise<readonly TrustedPublicKey[]> {
    if (!held || now >= held.freshUntil) {
      // What comes now is as new as it gets: nobody need look again for a while.
      searchedAt = now;
      await refresh(now);
    }
    if (!held || now >= held.staleUntil)
      refuse('dependency-unavailable', 'the metadata of the issuer cannot be had');
    return held.keys;
  }

  return {
    signingKeys: () => usableKeys(clock.now()),
    async searchKeys() {
      const now = clock.now();
      if (running) await running;
      else if (isDue(searchedAt, now)) {
        searchedAt = now;
        await refresh(now);
      }
      // While the source fails, the signature may be of a new key: we cannot tell.
      if (failedAt !== undefined)
        refuse('dependency-unavailable', 'the metadata of the issuer cannot be had');
      return usableKeys(now);
    },
  };
}
