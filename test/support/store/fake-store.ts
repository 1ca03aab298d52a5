// A store in memory that tells what it was asked, and fails or waits where a test wants it.
import { ExchangeFailure } from '#core/failure.ts';
import type { Clock } from '#core/instant.ts';
import type { BucketFill, Store, StoreEntry, StoreKey } from '#core/ports.ts';
import { MemoryStore } from '#src/store/memory/memory-store.ts';

export interface FakeStore extends Store {
  /** Every call in order, as `verb:class`. */
  readonly calls: readonly string[];
  /** The lifetimes given, by verb and class. */
  lifetimeOf(call: string): number | undefined;
  /** Lets calls of this verb and class throw. */
  breakOn(call: string, cause?: Error): void;
  /** Runs before each call of this verb and class. */
  before(call: string, hook: () => Promise<void>): void;
}

/** What a call is about: every verb begins with a key, with several, or with what holds one; a lifetime comes last. */
function askedOf(words: readonly unknown[]) {
  const [first] = words.slice(0, 1).flat() as readonly (StoreKey | StoreEntry | BucketFill)[];
  const key = first && 'key' in first ? first.key : first;
  const lifetime = first && 'lifetimeSeconds' in first ? first.lifetimeSeconds : words.at(-1);
  return { class: key?.class ?? '', lifetime: typeof lifetime === 'number' ? lifetime : undefined };
}

/** The store, empty. */
export function fakeStore(clock: Clock): FakeStore {
  const calls: string[] = [];
  const lifetimes = new Map<string, number | undefined>();
  const broken = new Map<string, Error>();
  const hooks = new Map<string, () => Promise<void>>();
  const own = {
    calls,
    lifetimeOf: (call: string) => lifetimes.get(call),
    breakOn(
      call: string,
      cause: Error = new ExchangeFailure('dependency-unavailable', 'the store is away'),
    ) {
      broken.set(call, cause);
    },
    before(call: string, hook: () => Promise<void>) {
      hooks.set(call, hook);
    },
  };
  return new Proxy(new MemoryStore(clock), {
    get(store, name) {
      if (Object.hasOwn(own, name)) return Reflect.get(own, name) as unknown;
      const verb: unknown = Reflect.get(store, name);
      if (typeof verb !== 'function') return verb;
      return async (...words: readonly unknown[]): Promise<unknown> => {
        const asked = askedOf(words);
        const call = `${String(name)}:${asked.class}`;
        calls.push(call);
        lifetimes.set(call, asked.lifetime);
        await hooks.get(call)?.();
        const cause = broken.get(call);
        if (cause) throw cause;
        return Reflect.apply(verb, store, words) as unknown;
      };
    },
  }) as unknown as FakeStore;
}
