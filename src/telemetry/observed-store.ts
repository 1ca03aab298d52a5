// A store that tells how long each operation took and whether it was done.
import type { PutOnce, Store, StoreKey } from '#core/ports.ts';
import type { Histogram } from './registry.ts';

type Operation = Exclude<keyof Store, 'close'>;

/** All of them: one that is forgotten does not compile. */
const OPERATIONS = Object.keys({
  putOnce: true,
  isMarked: true,
  revoke: true,
  isRevoked: true,
  rotate: true,
  get: true,
  set: true,
  setUnlessRevoked: true,
  increment: true,
  fillBuckets: true,
  health: true,
} satisfies Record<Operation, true>) as Operation[];

interface StoreObservers {
  readonly seconds: Histogram<'op' | 'outcome'>;
  /** Told of a one-time mark that another attempt had taken before, by who wants to take it or finds it standing. */
  readonly onReplay: (key: StoreKey) => void;
  /** Told why an operation was not done. Absent: the store tells it itself. */
  readonly onFailure?: (cause: unknown) => void;
}

/** The same store, observed. */
export function observeStore(store: Store, observers: StoreObservers): Store {
  const { onFailure, onReplay, seconds } = observers;
  const observed = <Words extends readonly unknown[], Result>(
    op: Operation,
    operation: (...words: Words) => Promise<Result>,
  ) => {
    const labels = { done: { op, outcome: 'done' }, failed: { op, outcome: 'failed' } } as const;
    return async (...words: Words): Promise<Result> => {
      const started = performance.now();
      let outcome: 'done' | 'failed' = 'failed';
      try {
        const result = await operation(...words);
        outcome = 'done';
        return result;
      } catch (cause) {
        onFailure?.(cause);
        throw cause;
      } finally {
        seconds.observe(labels[outcome], (performance.now() - started) / 1000);
      }
    };
  };
  const operations = OPERATIONS.map((op) => [
    op,
    observed(op, (store[op] as (...words: unknown[]) => Promise<unknown>).bind(store)),
  ]);
  const all = Object.fromEntries(operations) as Omit<Store, 'close'>;
  return {
    ...all,
    async putOnce(key, attempt, lifetimeSeconds): Promise<PutOnce> {
      const result = await all.putOnce(key, attempt, lifetimeSeconds);
      if (!result.stored && result.attempt !== attempt) onReplay(key);
      return result;
    },
    async isMarked(key): Promise<boolean> {
      const isMarked = await all.isMarked(key);
      // Whoever asks for the mark of evidence was presented it; for that of a refresh token introspection asks.
      if (isMarked && key.parts[0] !== 'refresh') onReplay(key);
      return isMarked;
    },
    close: () => store.close(),
  };
}
