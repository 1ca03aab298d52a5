// Group commit. Writes that arrive in one turn of the event loop, or right after a commit, share one transaction, so one
// flush to disk is paid by all of them. A promise settles only after the commit: what was acknowledged is on disk.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { asFailure, isBusy } from './sqlite-failure.ts';

/** Bounds how long one transaction holds the event loop and the write lock. */
const MAX_BATCH_WRITES = 256;

/** After a commit that several writes shared, for as many to come together again. One that comes alone never waits. */
const PAUSE_MILLISECONDS = 2;

/** Between two tries to get the write lock. The event loop is free meanwhile: reads and other work go on. */
const RETRY_MILLISECONDS = 1;

interface QueuedWrite {
  readonly isDurable: boolean;
  readonly write: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (cause: unknown) => void;
}

type Outcome = { readonly value: unknown } | { readonly cause: unknown };

/** `FULL`: on disk before the commit returns. `NORMAL`: a power failure may roll it back. */
type Synchronous = 'FULL' | 'NORMAL';

interface CommitQueueOptions {
  /** How long a batch waits for the write lock of another process. */
  readonly busyTimeoutMilliseconds: number;
  /** Runs before each transaction and throws when there must be none. */
  readonly assertReady: () => void;
}

/** The writes of one process to one database. */
export class CommitQueue {
  readonly #database: DatabaseSync;
  readonly #options: CommitQueueOptions;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  #pending: QueuedWrite[] = [];
  #busySince: number | undefined;
  #pauseUntil = 0;
  #synchronous: Synchronous | undefined;

  constructor(database: DatabaseSync, options: CommitQueueOptions) {
    this.#database = database;
    this.#options = options;
    // IMMEDIATE: a transaction that reads first and takes the write lock later would decide on what is no longer so.
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
  }

  get isIdle(): boolean {
    return this.#pending.length === 0;
  }

  /** Runs a write in the next transaction, after all that were queued before.
   * @throws {ExchangeFailure} `dependency-unavailable` when it or its commit failed: whether it stands is not known */
  run<T>(isDurable: boolean, write: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settle = resolve as (value: unknown) => void;
      const length = this.#pending.push({ isDurable, write, resolve: settle, reject });
      if (length === 1) this.#schedule();
    });
  }

  #schedule(): void {
    const pause = this.#pauseUntil - performance.now();
    if (pause > 0) setTimeout(() => this.#flush(), pause);
    else setImmediate(() => this.#flush());
  }

  #flush(): void {
    const batch = this.#pending.slice(0, MAX_BATCH_WRITES);
    let outcomes: readonly Outcome[];
    try {
      outcomes = this.#transact(batch);
    } catch (cause) {
      if (isBusy(cause) && this.#mayRetry()) return;
      outcomes = batch.map(() => ({ cause }));
    }
    this.#busySince = undefined;
    this.#pending.splice(0, batch.length);
    if (batch.length > 1) this.#pauseUntil = performance.now() + PAUSE_MILLISECONDS;
    if (!this.isIdle) this.#schedule();
    for (const [index, queued] of batch.entries()) settle(queued, outcomes[index]);
  }

  #mayRetry(): boolean {
    const now = performance.now();
    this.#busySince ??= now;
    if (now - this.#busySince >= this.#options.busyTimeoutMilliseconds) return false;
    setTimeout(() => this.#flush(), RETRY_MILLISECONDS);
    return true;
  }

  /** One transaction. An error of one write is its own, as SQLite takes back that statement alone; an error that ends the
   * transaction (disk full, I/O) is everyone's. */
  #transact(batch: readonly QueuedWrite[]): readonly Outcome[] {
    this.#options.assertReady();
    this.#demand(batch.some((queued) => queued.isDurable) ? 'FULL' : 'NORMAL');
    this.#begin.run();
    try {
      const outcomes = batch.map((queued) => this.#attempt(queued));
      this.#commit.run();
      return outcomes;
    } finally {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
    }
  }

  #attempt({ write }: QueuedWrite): Outcome {
    try {
      return { value: write() };
    } catch (cause) {
      if (!this.#database.isTransaction) throw cause;
      return { cause };
    }
  }

  /** The level holds for the connection and cannot change within a transaction. */
  #demand(synchronous: Synchronous): void {
    if (this.#synchronous === synchronous) return;
    this.#database.exec(`PRAGMA synchronous = ${synchronous}`);
    this.#synchronous = synchronous;
  }
}

function settle({ resolve, reject }: QueuedWrite, outcome: Outcome | undefined): void {
  if (!outcome) reject(new Error('a write has no outcome'));
  else if ('cause' in outcome) reject(asFailure(outcome.cause));
  else resolve(outcome.value);
}
