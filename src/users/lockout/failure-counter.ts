// Counts failed logins over a fixed window, in the Store so that all processes count together.
// Counters are best effort: when the store is away, this process goes on with what it last knew and what it counts itself.
import { putLast } from '#core/foreign/bounded-map.ts';
import type { Clock, Instant } from '#core/instant.ts';
import type { Store } from '#core/ports.ts';

interface FailureCounter {
  /** Failures so far in the window; does not count one. */
  count(id: string): Promise<number>;
  /** Counts a failure. Never rejects. */
  add(id: string): Promise<void>;
}

export interface FailureCounterSettings {
  readonly store: Store;
  readonly clock: Clock;
  readonly windowSeconds: number;
  /** The first part of every key: what the ids are ids of. */
  readonly subject: string;
  /** Told when the store did not count. */
  readonly onFailure: (cause: unknown) => void;
}

/** What this process knows of one counter. */
interface Local {
  /** The last sum that the store gave. */
  readonly known: number;
  /** Failures the store did not take. */
  readonly missed: number;
  readonly endsAt: Instant;
}

const MAX_LOCAL_COUNTERS = 10_000;

function createLocalCounters({ clock, windowSeconds }: FailureCounterSettings) {
  const counters = new Map<string, Local>();
  return {
    find(id: string): Local {
      const local = counters.get(id);
      const now = clock.now();
      if (local && now < local.endsAt) return local;
      return { known: 0, missed: 0, endsAt: now + windowSeconds };
    },
    put(id: string, local: Local): void {
      if (local.known + local.missed === 0) counters.delete(id);
      else putLast(counters, [id, local], MAX_LOCAL_COUNTERS);
    },
  };
}

/** Creates a counter of failures. */
export function createFailureCounter(settings: FailureCounterSettings): FailureCounter {
  const { store, windowSeconds, subject } = settings;
  const counters = createLocalCounters(settings);
  async function increment(id: string, by: number): Promise<number> {
    const key = { class: 'counter', parts: [subject, id] } as const;
    try {
      const known = await store.increment(key, by, windowSeconds);
      const local = counters.find(id);
      counters.put(id, { ...local, known });
      // Failures counted while the store was away still count: an outage must not give free guesses.
      return known + local.missed;
    } catch (cause) {
      settings.onFailure(cause);
      const local = counters.find(id);
      const missed = local.missed + by;
      counters.put(id, { ...local, missed });
      return local.known + missed;
    }
  }
  return {
    count: (id) => increment(id, 0),
    async add(id) {
      await increment(id, 1);
    },
  };
}
