// The Store port on node:sqlite. Several processes of one host share the file; reads are answered at once, writes by
// group commit. Time is the injected clock, read when the operation is called.
import type { DatabaseSync } from 'node:sqlite';
import { ExchangeFailure } from '#core/failure.ts';
import { type Clock, type Instant, millisecondsOf } from '#core/instant.ts';
import type {
  BucketFill,
  PutOnce,
  Rotation,
  RotationStep,
  StateClass,
  Store,
  StoreEntry,
  StoreHealth,
  StoreKey,
} from '#core/ports.ts';
import { assertFill, assertWhole, expiryOf } from '../amounts.ts';
import { isDurable, keyTextFor } from '../store-verb.ts';
import { ClockSteps } from './clock-steps.ts';
import { CommitQueue } from './commit-queue.ts';
import { readDataset } from './schema.ts';
import { asFailure, isBusy } from './sqlite-failure.ts';
import type { FilePlace } from './store-file.ts';
import { type CounterTable, prepareCounterTable } from './tables/counter-table.ts';
import { type ExpiredRows, prepareExpiredRows } from './tables/expired-rows.ts';
import { type OnceTable, prepareOnceTable } from './tables/once-table.ts';
import { prepareRotationTable, type RotationTable } from './tables/rotation-table.ts';
import { prepareTombstoneTable, type TombstoneTable } from './tables/tombstone-table.ts';
import { prepareValueTable, type ValueTable } from './tables/value-table.ts';

/** Rows that one sweep takes away at most: a few milliseconds of work. */
const SWEEP_ROWS = 500;

/** Between two sweeps while there is more to take away. */
const SWEEP_PAUSE_MILLISECONDS = 50;

interface SqliteStoreParts {
  readonly database: DatabaseSync;
  readonly place: FilePlace;
  readonly clock: Clock;
  readonly busyTimeoutMilliseconds: number;
  readonly sweepIntervalSeconds: number;
  /** The file was opened to read it: every write is refused. */
  readonly isReadOnly?: boolean;
}

/** A store that all processes of one host share. `openSqliteStore` makes one. */
export class SqliteStore implements Store {
  readonly #parts: SqliteStoreParts;
  readonly #queue: CommitQueue;
  readonly #once: OnceTable;
  readonly #tombstones: TombstoneTable;
  readonly #rotations: RotationTable;
  readonly #values: ValueTable;
  readonly #counters: CounterTable;
  readonly #expired: ExpiredRows;
  readonly #clockSteps: ClockSteps;
  #sweeper: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: SqliteStoreParts) {
    const { database, place } = parts;
    this.#parts = parts;
    this.#queue = new CommitQueue(database, {
      busyTimeoutMilliseconds: parts.busyTimeoutMilliseconds,
      assertReady: () => place.verify(),
    });
    this.#once = prepareOnceTable(database);
    this.#tombstones = prepareTombstoneTable(database);
    this.#rotations = prepareRotationTable(database);
    this.#values = prepareValueTable(database);
    this.#counters = prepareCounterTable(database);
    this.#expired = prepareExpiredRows(database);
    this.#clockSteps = new ClockSteps(parts.clock);
  }

  async putOnce(key: StoreKey, attempt: string, lifetimeSeconds: number): Promise<PutOnce> {
    const mark = { key: keyTextFor('putOnce', key), attempt, ...this.#window(lifetimeSeconds) };
    return this.#write(key.class, () => this.#once.put(mark));
  }

  async isMarked(key: StoreKey): Promise<boolean> {
    const text = keyTextFor('isMarked', key);
    return this.#read((now) => this.#once.has(text, now));
  }

  async revoke(keys: readonly StoreKey[], lifetimeSeconds: number): Promise<void> {
    const texts = keys.map((key) => keyTextFor('revoke', key));
    const { expiresAt } = this.#window(lifetimeSeconds);
    return this.#write('revoked', () => this.#tombstones.put(texts, expiresAt));
  }

  async isRevoked(keys: readonly StoreKey[]): Promise<boolean> {
    const texts = keys.map((key) => keyTextFor('isRevoked', key));
    return this.#read((now) => this.#tombstones.hasAny(texts, now));
  }

  async rotate(family: StoreKey, step: RotationStep, lifetimeSeconds: number): Promise<Rotation> {
    const key = keyTextFor('rotate', family);
    const familyStep = { key, ...step, ...this.#window(lifetimeSeconds) };
    return this.#write(family.class, () => this.#rotations.rotate(familyStep));
  }

  async get(key: StoreKey): Promise<string | undefined> {
    const text = keyTextFor('get', key);
    return this.#read((now) => this.#values.get(text, now));
  }

  async set(key: StoreKey, value: string, lifetimeSeconds: number): Promise<void> {
    const entry = { key: keyTextFor('set', key), value, ...this.#window(lifetimeSeconds) };
    return this.#write(key.class, () => this.#values.set(entry));
  }

  async setUnlessRevoked(entry: StoreEntry, tombstones: readonly StoreKey[]): Promise<boolean> {
    const window = this.#window(entry.lifetimeSeconds);
    const key = keyTextFor('setUnlessRevoked', entry.key);
    const texts = tombstones.map((tombstone) => keyTextFor('isRevoked', tombstone));
    // One transaction, so that no tombstone can come between the look and the write.
    return this.#write(entry.key.class, () => {
      if (this.#tombstones.hasAny(texts, window.now)) return false;
      this.#values.set({ key, value: entry.value, ...window });
      return true;
    });
  }

  async increment(key: StoreKey, by: number, lifetimeSeconds: number): Promise<number> {
    assertWhole(by);
    const text = keyTextFor('increment', key);
    // Each good login asks: it must not wait for a flush.
    if (by === 0) return this.#read((now) => this.#counters.total(text, now));
    const increment = { key: text, by, ...this.#window(lifetimeSeconds) };
    return this.#write(key.class, () => this.#counters.add(increment));
  }

  async fillBuckets(fills: readonly BucketFill[]): Promise<readonly number[]> {
    const nowMilliseconds = millisecondsOf(this.#parts.clock);
    const rows = fills.map(({ key, ...amounts }) => {
      assertFill(amounts);
      return { key: keyTextFor('fillBuckets', key), ...amounts, nowMilliseconds };
    });
    return this.#write('bucket', () => rows.map((row) => this.#counters.fill(row)));
  }

  /** Writes and reads back, durably: a full disk shows here. Reads alone where the file was opened for that.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  async health(): Promise<StoreHealth> {
    const { database, isReadOnly } = this.#parts;
    const start = performance.now();
    if (!isReadOnly)
      await this.#write('once', () => database.exec('UPDATE dataset SET probes = probes + 1'));
    const { id } = await this.#read(() => readDataset(database));
    return { roundTripMilliseconds: performance.now() - start, datasetId: id };
  }

  /** Starts to take away rows that have ended. The timer keeps no process alive. */
  start(): void {
    this.#sweeper ??= this.#sweepAfter(this.#parts.sweepIntervalSeconds * 1000);
  }

  stop(): void {
    clearTimeout(this.#sweeper);
    this.#sweeper = undefined;
  }

  /** Takes away one batch of rows that have ended and tells how many it were; while requests wait, too: of a server that always has
   * some the file would grow until the disk is full. None while the clock is in doubt: a mark that is gone cannot stand again.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  async sweep(): Promise<number> {
    if (this.#clockSteps.isInDoubt()) return 0;
    const now = this.#parts.clock.now();
    return this.#write('counter', () => this.#expired.delete(now, SWEEP_ROWS));
  }

  /** Waits for what is queued, then closes. */
  close(): Promise<void> {
    this.stop();
    this.#closing ??= this.#closeAfterQueue();
    return this.#closing;
  }

  async #closeAfterQueue(): Promise<void> {
    // Runs last. Its own failure is of no interest: those queued before it have been told theirs.
    await this.#queue.run(false, () => undefined).catch(() => undefined);
    this.#parts.database.close();
  }

  #window(lifetimeSeconds: number): { now: Instant; expiresAt: Instant } {
    const now = this.#parts.clock.now();
    return { now, expiresAt: expiryOf(now, lifetimeSeconds) };
  }

  #write<T>(stateClass: StateClass, write: () => T): Promise<T> {
    this.#assertOpen();
    return this.#queue.run(isDurable(stateClass), write);
  }

  /** Reads at once. Only while another process recovers the log is a read in need of waiting: then it queues. */
  #read<T>(read: (now: Instant) => T): T | Promise<T> {
    this.#assertOpen();
    const now = this.#parts.clock.now();
    this.#parts.place.verifyEachSecond(now);
    try {
      return read(now);
    } catch (cause) {
      if (isBusy(cause)) return this.#queue.run(false, () => read(now));
      throw asFailure(cause);
    }
  }

  #assertOpen(): void {
    if (this.#closing) throw new ExchangeFailure('dependency-unavailable', 'the store is closed');
  }

  #sweepAfter(milliseconds: number): NodeJS.Timeout {
    const run = async (): Promise<void> => {
      // A sweep that fails harms nobody: whoever needs the store meets the same error.
      const deleted = await this.sweep().catch(() => 0);
      if (this.#sweeper !== timer) return;
      const isBehind = deleted === SWEEP_ROWS;
      const interval = this.#parts.sweepIntervalSeconds * 1000;
      this.#sweeper = this.#sweepAfter(isBehind ? SWEEP_PAUSE_MILLISECONDS : interval);
    };
    const timer = setTimeout(() => void run(), milliseconds);
    return timer.unref();
  }
}
