// Sends what was taken from rate limits to the store, some time later and many takings together, so that no request waits for
// it; and tells when the store is away.
import type { BucketFill, Store } from '#core/ports.ts';

/** Between two deliveries. What all processes together let through beyond a burst is what arrives within this time. */
const DELIVERY_MILLISECONDS = 50;
/** Between two attempts while the store is away. */
const RETRY_MILLISECONDS = 1000;
/** In one call: bounds how long a transaction of the store takes. */
const MAX_FILLS = 256;
/** Beyond it the oldest is never told: it bounds the memory that strangers can fill while the store is away. */
const MAX_WAITING = 50_000;

export interface Taking extends BucketFill {
  /** Gets the level over all processes, this taking included. */
  readonly onLevel: (levelMilliseconds: number) => void;
}

export interface BucketOutbox {
  /** To be delivered soon: the taking is asked for when that happens. */
  add(id: string, taking: () => Taking): void;
  /** Delivers now. Never rejects. */
  deliver(): Promise<void>;
  /** Whether the last delivery failed. */
  isAway(): boolean;
}

interface OutboxSettings {
  readonly store: Pick<Store, 'fillBuckets'>;
  /** Told when the store is away and when it is back. */
  readonly onAway: (isAway: boolean, cause?: unknown) => void;
}

/** Creates the outbox. Its timer keeps no process alive. */
export function createBucketOutbox({ store, onAway }: OutboxSettings): BucketOutbox {
  const waiting = new Map<string, () => Taking>();
  let timer: NodeJS.Timeout | undefined;
  let delivery: Promise<void> | undefined;
  let away = false;

  function tell(isAway: boolean, cause?: unknown): void {
    if (isAway !== away) onAway(isAway, cause);
    away = isAway;
  }

  function forgetOldest(): void {
    const [oldest] = waiting.keys();
    if (oldest !== undefined) waiting.delete(oldest);
  }

  function schedule(): void {
    const pause = away ? RETRY_MILLISECONDS : DELIVERY_MILLISECONDS;
    timer ??= setTimeout(() => void deliver(), pause).unref();
  }

  async function send(): Promise<void> {
    const batch = [...waiting].slice(0, MAX_FILLS);
    for (const [id] of batch) waiting.delete(id);
    const takings = batch.map(([, taking]) => taking());
    try {
      const levels = await store.fillBuckets(takings);
      for (const [index, { onLevel }] of takings.entries()) onLevel(levels[index] ?? 0);
      tell(false);
    } catch (cause) {
      // Not sent again: whether it was counted is not known, and twice would refuse what is allowed. What matters is that the
      // next delivery finds the store back.
      for (const [id, taking] of batch) if (!waiting.has(id)) waiting.set(id, taking);
      tell(true, cause);
    }
  }

  function deliver(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    delivery ??= send().finally(() => {
      delivery = undefined;
      if (waiting.size > 0) schedule();
    });
    return delivery;
  }

  return {
    add(id, taking) {
      waiting.set(id, taking);
      if (waiting.size > MAX_WAITING) forgetOldest();
      if (!delivery) schedule();
    },
    deliver,
    isAway: () => away,
  };
}
