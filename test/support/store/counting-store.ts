// A store that counts round trips as a pipelining driver would make them: what is asked in one turn of the event loop goes out
// together, and no answer comes before the next.
import { setImmediate } from 'node:timers/promises';
import type { Store } from '#core/ports.ts';

interface CountingStore {
  readonly store: Store;
  trips(): number;
}

/** The store, counted. */
export function countTrips(store: Store): CountingStore {
  let trips = 0;
  let departure: Promise<void> | undefined;
  const depart = (): Promise<void> => {
    departure ??= setImmediate().then(() => {
      departure = undefined;
      trips += 1;
    });
    return departure;
  };
  const counted = new Proxy(store, {
    get(target, name) {
      const verb: unknown = Reflect.get(target, name);
      if (typeof verb !== 'function') return verb;
      return async (...words: readonly unknown[]): Promise<unknown> => {
        await depart();
        return Reflect.apply(verb, target, words) as unknown;
      };
    },
  });
  return { store: counted, trips: () => trips };
}
