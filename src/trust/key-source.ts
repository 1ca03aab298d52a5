// The keys of one issuer that are fetched: kept, renewed, kept a little longer while the source fails, and asked for
// again when a token names a key we do not know, but never more often than the interval allows.
import type { KeyObject } from 'node:crypto';
import { ExchangeFailure } from '#core/failure.ts';
import type { Clock, Instant } from '#core/instant.ts';
import type { FetchedDocument } from './fetch-text.ts';
import { type KeySet, parseJwks, type WantedKey } from './jwks.ts';

export interface RefreshSettings {
  /** The least time between two fetches for unknown keys, and between attempts while the source fails. */
  readonly refetchSeconds: number;
  /** How long keys are used beyond their freshness while the source fails. */
  readonly staleSeconds: number;
  /** How long keys are fresh when their document does not say. */
  readonly defaultFreshSeconds: number;
}

/** The bounds of what a document may say about its own freshness. */
const MIN_FRESH_SECONDS = 60;
const MAX_FRESH_SECONDS = 86_400;

export interface KeySourceParts {
  /** Fetches the JWK Set. */
  readonly load: () => Promise<FetchedDocument>;
  readonly clock: Clock;
  readonly settings: RefreshSettings;
  /** Told of every attempt; the cause of a failure is for the log. */
  readonly onRefresh: (outcome: 'renewed' | 'failed', cause?: unknown) => void;
}

/** Finds verification keys of one issuer. */
export interface KeySource {
  /** @throws {ExchangeFailure} `signature-invalid` when the issuer has no such key; `dependency-unavailable` when
   * that cannot be known */
  verificationKey(wanted: WantedKey): Promise<KeyObject>;
}

interface HeldKeys {
  readonly keys: KeySet;
  readonly freshUntil: Instant;
  readonly staleUntil: Instant;
}

const unavailable = (): ExchangeFailure =>
  new ExchangeFailure('dependency-unavailable', 'the keys of the issuer cannot be fetched');
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

function hold(document: FetchedDocument, now: Instant, settings: RefreshSettings): HeldKeys {
  const stated = document.maxAgeSeconds ?? settings.defaultFreshSeconds;
  const freshUntil = now + Math.min(Math.max(stated, MIN_FRESH_SECONDS), MAX_FRESH_SECONDS);
  const staleUntil = freshUntil + settings.staleSeconds;
  return { keys: parseJwks(document.text), freshUntil, staleUntil };
}

/** A source of keys over a fetch. Nothing is fetched until the first token. */
export function createKeySource({ load, clock, settings, onRefresh }: KeySourceParts): KeySource {
  let held: HeldKeys | undefined;
  let failedAt: Instant | undefined;
  let searchedAt: Instant | undefined;
  let running: Promise<void> | undefined;

  // A clock that was set back must not stop refreshing until it has caught up.
  const isDue = (last: Instant | undefined, now: Instant): boolean =>
    last === undefined || now < last || now - last >= settings.refetchSeconds;

  async function attempt(now: Instant): Promise<void> {
    try {
      held = hold(await load(), now, settings);
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

  async function usableKeys(now: Instant): Promise<KeySet> {
    if (!held || now >= held.freshUntil) await refresh(now);
    if (!held || now >= held.staleUntil) throw unavailable();
    return held.keys;
  }

  /** Looks for an unknown key where it may have appeared: once for each interval, whatever tokens ask for. */
  async function search(now: Instant): Promise<KeySet> {
    if (running) await running;
    else if (isDue(searchedAt, now)) {
      searchedAt = now;
      await refresh(now);
    }
    return usableKeys(now);
  }

  return {
    async verificationKey(wanted) {
      const now = clock.now();
      const before = held;
      const known = await usableKeys(now);
      const found = known.find(wanted);
      if (found) return foundKey(found);
      // Just fetched for this very token: that was its search.
      if (held !== before) searchedAt = now;
      const searched = (held === before ? await search(now) : known).find(wanted);
      // While the source fails, an unknown key may be a new one: we cannot tell.
      if (!searched && failedAt !== undefined) throw unavailable();
      return foundKey(searched);
    },
  };
}
