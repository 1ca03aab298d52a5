// The Store port in memory, for tests: the same rules as the other adapters, and everything is gone with the process.
import { randomUUID } from 'node:crypto';
import { ExchangeFailure } from '#core/failure.ts';
import { type Clock, type Instant, millisecondsOf } from '#core/instant.ts';
import type {
  BucketFill,
  PutOnce,
  Rotation,
  RotationStep,
  Store,
  StoreEntry,
  StoreHealth,
  StoreKey,
} from '#core/ports.ts';
import { assertFill, assertWhole, expiryOf } from '../amounts.ts';
import { decideRotation, type RotationState } from '../rotation-step.ts';
import { keyTextFor, type StoreVerb } from '../store-verb.ts';

interface Held<T> {
  readonly content: T;
  readonly expiresAt: Instant;
}

/** Values of one kind. What has ended is not there. */
class ExpiringMap<T> {
  readonly #clock: Clock;
  readonly #held = new Map<string, Held<T>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  find(key: string): Held<T> | undefined {
    const held = this.#held.get(key);
    return held && this.#clock.now() < held.expiresAt ? held : undefined;
  }

  put(key: string, content: T, expiresAt: Instant): void {
    this.#held.set(key, { content, expiresAt });
  }
}

/** A store that lives in this process only. For tests: it forgets, so it must never stand behind a real server. */
export class MemoryStore implements Store {
  readonly #clock: Clock;
  readonly #marks: ExpiringMap<string>;
  readonly #tombstones: ExpiringMap<true>;
  readonly #families: ExpiringMap<RotationState>;
  readonly #values: ExpiringMap<string>;
  readonly #counters: ExpiringMap<number>;
  /** When each bucket is empty, epoch milliseconds. */
  readonly #buckets: ExpiringMap<number>;
  readonly #datasetId = randomUUID();
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#marks = new ExpiringMap(clock);
    this.#tombstones = new ExpiringMap(clock);
    this.#families = new ExpiringMap(clock);
    this.#values = new ExpiringMap(clock);
    this.#counters = new ExpiringMap(clock);
    this.#buckets = new ExpiringMap(clock);
  }

  async putOnce(key: StoreKey, attempt: string, lifetimeSeconds: number): Promise<PutOnce> {
    const text = this.#textOf('putOnce', key);
    const expiresAt = this.#until(lifetimeSeconds);
    const standing = this.#marks.find(text);
    if (standing) return { stored: false, attempt: standing.content };
    this.#marks.put(text, attempt, expiresAt);
    return { stored: true };
  }

  async isMarked(key: StoreKey): Promise<boolean> {
    const text = this.#textOf('isMarked', key);
    return this.#marks.find(text) !== undefined;
  }

  async revoke(keys: readonly StoreKey[], lifetimeSeconds: number): Promise<void> {
    this.#assertOpen();
    const texts = keys.map((key) => keyTextFor('revoke', key));
    const expiresAt = this.#until(lifetimeSeconds);
    for (const text of texts) {
      const standing = this.#tombstones.find(text)?.expiresAt ?? 0;
      this.#tombstones.put(text, true, Math.max(standing, expiresAt));
    }
  }

  async isRevoked(keys: readonly StoreKey[]): Promise<boolean> {
    this.#assertOpen();
    const texts = keys.map((key) => keyTextFor('isRevoked', key));
    return texts.some((text) => this.#tombstones.find(text) !== undefined);
  }

  async rotate(family: StoreKey, step: RotationStep, lifetimeSeconds: number): Promise<Rotation> {
    const text = this.#textOf('rotate', family);
    const expiresAt = this.#until(lifetimeSeconds);
    const held = this.#families.find(text);
    const rotation = decideRotation(held?.content, step);
    if (rotation === 'rotated') {
      const state = { previous: step.from, current: step.to };
      this.#families.put(text, state, Math.max(held?.expiresAt ?? 0, expiresAt));
    }
    return rotation;
  }

  async get(key: StoreKey): Promise<string | undefined> {
    const text = this.#textOf('get', key);
    return this.#values.find(text)?.content;
  }

  async set(key: StoreKey, value: string, lifetimeSeconds: number): Promise<void> {
    const text = this.#textOf('set', key);
    this.#values.put(text, value, this.#until(lifetimeSeconds));
  }

  async setUnlessRevoked(entry: StoreEntry, tombstones: readonly StoreKey[]): Promise<boolean> {
    const text = this.#textOf('setUnlessRevoked', entry.key);
    const expiresAt = this.#until(entry.lifetimeSeconds);
    const texts = tombstones.map((key) => keyTextFor('isRevoked', key));
    if (texts.some((tombstone) => this.#tombstones.find(tombstone))) return false;
    this.#values.put(text, entry.value, expiresAt);
    return true;
  }

  async increment(key: StoreKey, by: number, lifetimeSeconds: number): Promise<number> {
    assertWhole(by);
    const text = this.#textOf('increment', key);
    const expiresAt = this.#until(lifetimeSeconds);
    const held = this.#counters.find(text);
    const sum = (held?.content ?? 0) + by;
    if (by !== 0) this.#counters.put(text, sum, held?.expiresAt ?? expiresAt);
    return sum;
  }

  async fillBuckets(fills: readonly BucketFill[]): Promise<readonly number[]> {
    const now = millisecondsOf(this.#clock);
    const texts = fills.map(({ key }) => this.#textOf('fillBuckets', key));
    for (const fill of fills) assertFill(fill);
    return fills.map(({ milliseconds, mostMilliseconds }, index) => {
      const text = texts[index] ?? '';
      const standing = Math.max((this.#buckets.find(text)?.content ?? 0) - now, 0);
      const level = Math.min(standing + milliseconds, mostMilliseconds);
      this.#buckets.put(text, now + level, Math.ceil((now + level) / 1000));
      return level;
    });
  }

  async health(): Promise<StoreHealth> {
    this.#assertOpen();
    return { roundTripMilliseconds: 0, datasetId: this.#datasetId };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new ExchangeFailure('dependency-unavailable', 'the store is closed');
  }

  #textOf(verb: StoreVerb, key: StoreKey): string {
    this.#assertOpen();
    return keyTextFor(verb, key);
  }

  #until(lifetimeSeconds: number): Instant {
    return expiryOf(this.#clock.now(), lifetimeSeconds);
  }
}
