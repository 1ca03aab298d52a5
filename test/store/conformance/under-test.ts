// What the parts of the conformance suite share: what is tested, lifetimes, keys and races.
// Lifetimes are short, so that an adapter whose clock cannot be moved can let the time pass.
import { randomUUID } from 'node:crypto';
import { ExchangeFailure } from '#core/failure.ts';
import type { StateClass, Store, StoreKey } from '#core/ports.ts';

export interface StoreUnderTest {
  /** One store, or several over the same dataset: races then run across them. */
  readonly stores: readonly [Store, ...Store[]];
  /** Whether its keys lie on several servers. */
  readonly isSpread?: boolean;
  /** Lets so many seconds pass for the store, by whichever clock it goes. */
  advance(seconds: number): Promise<void>;
  /** Closes the stores and clears away what they left. */
  dispose(): Promise<void>;
}

/** Outlives every test. */
export const LONG = 600;
export const SHORT = 2;
/** More than `SHORT`, by more than any adapter rounds. */
export const PAST_SHORT = 4;
export const CONTENDERS = 50;

export const CLASSES: readonly StateClass[] = [
  'once',
  'revoked',
  'ledger',
  'grant',
  'counter',
  'tally',
  'bucket',
  'rotation',
];

/** A key that no other test has. */
export function aKey(stateClass: StateClass, ...parts: readonly string[]): StoreKey {
  return { class: stateClass, parts: [randomUUID(), ...parts] };
}

export const isUnavailable = (cause: unknown): boolean =>
  cause instanceof ExchangeFailure && cause.reason === 'dependency-unavailable';

export const isBug = (cause: unknown): boolean =>
  cause instanceof Error && !(cause instanceof ExchangeFailure);

type Race<T> = (store: Store, attempt: string) => Promise<T>;

/** Runs 50 contenders at once, spread over all stores of the dataset. */
export async function race<T>({ stores }: StoreUnderTest, contend: Race<T>): Promise<readonly T[]> {
  return Promise.all(
    Array.from({ length: CONTENDERS }, (_, index) =>
      contend(stores[index % stores.length] ?? stores[0], `attempt-${index}`),
    ),
  );
}
