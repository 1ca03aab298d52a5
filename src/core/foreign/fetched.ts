// What another party publishes at an address: kept, renewed, kept a little longer while the source fails, and looked for
// again where something new may have appeared, but never more often than the interval allows.
import type { Clock, Instant } from '../instant.ts';

export interface RefreshSettings {
  /** The least time between two searches for something unknown, and between attempts while the source fails. */
  readonly refetchSeconds: number;
  /** How long content is used beyond its freshness while the source fails. */
  readonly staleSeconds: number;
  /** How long content is fresh when nobody says. */
  readonly defaultFreshSeconds: number;
}

/** A document as it was fetched. */
export interface FetchedDocument {
  readonly text: string;
  /** What Cache-Control says; 0 when it must not be kept; absent when it says nothing. */
  readonly maxAgeSeconds?: number;
}

/** What was read from a document. */
interface Loaded<Content> {
  readonly content: Content;
  /** How long it says it is fresh. */
  readonly freshSeconds?: number | undefined;
  /** Its end, that its owner set. No failing source keeps it alive past that. */
  readonly validUntil?: Instant | undefined;
}

/** Asks the source.
 * @throws where it has no answer, whatever the cause */
export type Load<Content> = (now: Instant) => Promise<Loaded<Content>>;

export interface FetchedParts {
  readonly clock: Clock;
  readonly settings: RefreshSettings;
  /** Told of every attempt that failed; the cause is for the log. */
  readonly onFailure: (cause: unknown) => void;
  /** How often all was to be fetched anew: what came before is fresh no longer, and used while the source fails, which is tried at once.
   * Absent: never. */
  readonly renewals?: () => number;
}

interface Held<Content> {
  readonly content: Content;
  readonly since: Instant;
  readonly freshUntil: Instant;
  readonly staleUntil: Instant;
  readonly renewal: number;
}

/** Content of one source. */
export interface Fetched<Content> {
  /** What is usable now, fetched if need be; undefined when nothing is. */
  current(
    load: Load<Content>,
  ): Promise<{ readonly content: Content; readonly isNew: boolean } | undefined>;
  /** What is usable now without a fetch. */
  atHand(): Content | undefined;
  /** Fetches anew for something unknown: once for each interval, whatever is asked for. */
  search(load: Load<Content>): Promise<Content | undefined>;
  /** What was fetched just now was the search of this interval. */
  countAsSearch(): void;
  /** Seconds until the source is asked again, one or more, where the last attempt failed, so that something unknown may be new;
   * undefined: it did not fail. */
  retryAfterSeconds(): number | undefined;
}

/** The bounds of what a document may say about its own freshness. */
const MIN_FRESH_SECONDS = 60;
const MAX_FRESH_SECONDS = 86_400;

function hold<Content>(
  { content, freshSeconds, validUntil = Number.POSITIVE_INFINITY }: Loaded<Content>,
  now: Instant,
  { defaultFreshSeconds, staleSeconds }: RefreshSettings,
): Omit<Held<Content>, 'renewal'> {
  // As good as no answer: nobody may ask for it again and again.
  if (validUntil <= now) throw new Error('what was fetched is over already');
  const stated = freshSeconds ?? defaultFreshSeconds;
  const freshUntil = now + Math.min(Math.max(stated, MIN_FRESH_SECONDS), MAX_FRESH_SECONDS);
  return {
    content,
    since: now,
    freshUntil: Math.min(freshUntil, validUntil),
    staleUntil: Math.min(freshUntil + staleSeconds, validUntil),
  };
}

/** Seconds until it may be tried again; 0: now. A clock that was set back must not stop refreshing until it has caught up. */
const waitSeconds = (
  last: Instant | undefined,
  now: Instant,
  { refetchSeconds }: RefreshSettings,
): number => (last === undefined || now < last ? 0 : Math.max(last + refetchSeconds - now, 0));

/** Whether it may be used, fresh or not. A clock that was set back must not make it last longer. */
const isUsable = (
  { since, staleUntil }: Held<unknown>,
  now: Instant,
  { staleSeconds }: RefreshSettings,
): boolean => since - staleSeconds <= now && now < staleUntil;

const isFresh = (
  { freshUntil, renewal, since }: Held<unknown>,
  now: Instant,
  renewals: number,
): boolean => since <= now && now < freshUntil && renewal === renewals;

/** Content over a fetch. Nothing is fetched until somebody asks. */
export function createFetched<Content>(parts: FetchedParts): Fetched<Content> {
  const { clock, onFailure, renewals = () => 0, settings } = parts;
  let held: Held<Content> | undefined;
  let failed: { readonly at: Instant; readonly renewal: number } | undefined;
  let searchedAt: Instant | undefined;
  let running: Promise<void> | undefined;

  async function attempt(now: Instant, load: Load<Content>): Promise<void> {
    const renewal = renewals();
    try {
      held = { ...hold(await load(now), now, settings), renewal };
      failed = undefined;
    } catch (cause) {
      failed = { at: now, renewal };
      onFailure(cause);
    } finally {
      running = undefined;
    }
  }

  /** Who comes during a fetch waits for that fetch. After a failure nobody waits: while a source does not answer, those who wait would
   * take every place there is. */
  const join = async (): Promise<void> => (failed ? undefined : running);

  // A failure of before a renewal has nobody wait.
  const failureWaitSeconds = (now: Instant): number =>
    waitSeconds(failed?.renewal === renewals() ? failed.at : undefined, now, settings);

  /** Fetches, unless the last failure is too young. */
  async function refresh(now: Instant, load: Load<Content>): Promise<void> {
    if (running || failureWaitSeconds(now) > 0) return join();
    running = attempt(now, load);
    await running;
  }

  async function usable(now: Instant, load: Load<Content>): Promise<Held<Content> | undefined> {
    if (!held || !isFresh(held, now, renewals())) await refresh(now, load);
    return held && isUsable(held, now, settings) ? held : undefined;
  }

  return {
    async current(load) {
      const before = held;
      const found = await usable(clock.now(), load);
      return found && { content: found.content, isNew: found !== before };
    },
    atHand: () => (held && isUsable(held, clock.now(), settings) ? held.content : undefined),
    async search(load) {
      const now = clock.now();
      if (running) await join();
      else if (waitSeconds(searchedAt, now, settings) === 0) {
        searchedAt = now;
        await refresh(now, load);
      }
      return (await usable(now, load))?.content;
    },
    countAsSearch: () => void (searchedAt = clock.now()),
    retryAfterSeconds: () => failed && Math.max(failureWaitSeconds(clock.now()), 1),
  };
}
