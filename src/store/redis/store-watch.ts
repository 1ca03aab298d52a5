// Whether the servers can be trusted with an answer. The store is closed until they were looked at, after every connection
// that broke, and for good when the data behind them is not ours any more.
import { setTimeout as delay } from 'node:timers/promises';
import { ExchangeFailure } from '#core/failure.ts';
import { type Clock, type Instant, millisecondsOf } from '#core/instant.ts';
import { type Dataset, isStillThere, openDataset } from './dataset.ts';
import type { RedisCommands } from './redis-commands.ts';
import { BUCKETS, probeKey } from './redis-key.ts';
import type { RewriteRing } from './rewrite-ring.ts';
import { parseInfo, type ServerFacts, type Unfitness, unfitnessOf } from './server-facts.ts';
import type { RedisSettings } from './settings.ts';

const START_PATIENCE_MILLISECONDS = 2000;
const LOOK_EVERY_MILLISECONDS = 60_000;
const RETRY_MILLISECONDS = 100;
/** After a change of master, for the other processes to write their rings too. */
const SETTLE_MILLISECONDS = 1000;
/** Neighbouring buckets lie on servers as if by chance. */
const PROBES_OF_A_CLUSTER = 8;
const PROBE_LIFE_MILLISECONDS = 10_000;
/** Commands of a ring under way at once. */
const REWRITE_BATCH = 500;

/** The servers answer, and must not be used as they are. */
class UnfitStore extends Error {
  readonly unfitness: readonly Unfitness[];

  constructor(unfitness: readonly Unfitness[]) {
    super(unfitness.map(({ code, text }) => `${code}: ${text}`).join('; '));
    this.name = 'UnfitStore';
    this.unfitness = unfitness;
  }
}

export interface WatchEvents {
  /** Another master, or the same server after a restart. */
  readonly onRoleChange: () => void;
  readonly onFence: (isFenced: boolean) => void;
  /** What an operator must know. */
  readonly onAlarm: (message: string) => void;
}

export interface WatchParts {
  readonly settings: RedisSettings;
  readonly commands: RedisCommands;
  readonly ring: RewriteRing;
  readonly clock: Clock;
  readonly rediscover: () => void;
  readonly events: WatchEvents;
}

const CHANGED = 'the master has changed';

/** `store`: not looked at, not there or not fit. `fenced`: what it remembers is in question. */
type Closed = { readonly by: 'store' | 'fenced'; readonly why: string };

export class StoreWatch {
  readonly #parts: WatchParts;
  #closed: Closed | undefined = { by: 'store', why: 'not looked at yet' };
  #dataset: Dataset | undefined;
  #isLost = false;
  #evictedAt: Instant = 0;
  #evictedKeys = new Map<string, number>();
  #runIds: ReadonlySet<string> = new Set();
  #clockDifferenceSeconds = 0;
  #looking: Promise<void> | undefined;
  #isDoubted = false;
  #isStopped = false;
  #wake: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  readonly #first = Promise.withResolvers<void>();

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** The dataset, while its answers can be trusted.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  open(): Dataset {
    if (this.#closed || !this.#dataset) {
      const why = this.#closed?.why ?? 'no dataset';
      throw new ExchangeFailure('dependency-unavailable', `the Redis store is closed: ${why}`);
    }
    return this.#dataset;
  }

  /** What the canary of a bucket says; nothing that one ever says while that is not known. */
  canaryOf(bucket: number): string {
    return this.#dataset?.canaries[bucket] ?? '';
  }

  /** Since when it remembers; undefined while that is not known. */
  get begunAt(): Instant | undefined {
    return this.#dataset && Math.max(this.#dataset.begunAt, this.#evictedAt);
  }

  get isFenced(): boolean {
    return this.#closed?.by === 'fenced';
  }

  get isClockWithinSkew(): boolean {
    return Math.abs(this.#clockDifferenceSeconds) <= this.#parts.settings.maxSkewSeconds;
  }

  /** The first look. Servers that are away are waited for a little, and looked for from then on.
   * @throws {UnfitStore} when they are there and must not be used */
  async start(): Promise<void> {
    const patience = setTimeout(this.#first.resolve, START_PATIENCE_MILLISECONDS);
    this.#lookAgain();
    try {
      await this.#first.promise;
    } finally {
      clearTimeout(patience);
    }
    this.#timer = setInterval(() => this.#lookAgain(), LOOK_EVERY_MILLISECONDS).unref();
  }

  /** A connection broke or leads elsewhere. In a cluster other servers go on: their canaries still speak for them. */
  doubt(): void {
    if (this.#parts.settings.topology.mode !== 'cluster')
      this.#closed ??= { by: 'store', why: 'the connection is in doubt' };
    this.#lookAgain();
  }

  /** An operation met a canary that is not ours: the data is gone or another. Only a new start makes a dataset. */
  lose(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#fence('the dataset is gone or another one');
    this.#parts.events.onAlarm(
      'STORE_DATASET: the dataset is gone or another one: the store is fenced until the next start',
    );
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#looking;
  }

  #fence(why: string): void {
    this.#closed = { by: 'fenced', why };
    this.#parts.events.onFence(true);
  }

  #reopen(): void {
    if (this.#isLost) return;
    if (this.isFenced) this.#parts.events.onFence(false);
    this.#closed = undefined;
    this.#first.resolve();
  }

  #lookAgain(): void {
    this.#isDoubted = true;
    this.#wake();
    this.#looking ??= this.#lookUntilSure().finally(() => {
      this.#looking = undefined;
    });
  }

  async #lookUntilSure(): Promise<void> {
    while (this.#isDoubted && !this.#isStopped) {
      this.#isDoubted = false;
      try {
        await this.#look();
        if (!this.#isDoubted) this.#reopen();
      } catch (cause) {
        this.#isDoubted = true;
        this.#onFailedLook(cause);
        await this.#pause();
      }
    }
  }

  /** Between two looks, unless a connection comes up meanwhile. */
  async #pause(): Promise<void> {
    const pause = Promise.withResolvers<void>();
    const timer = setTimeout(pause.resolve, RETRY_MILLISECONDS).unref();
    this.#wake = pause.resolve;
    await pause.promise;
    clearTimeout(timer);
  }

  #onFailedLook(cause: unknown): void {
    const why = cause instanceof Error ? cause.message : 'unknown';
    if (cause instanceof UnfitStore) this.#first.reject(cause);
    if (cause instanceof UnfitStore && this.#closed?.why !== why)
      this.#parts.events.onAlarm(cause.message);
    if (!this.isFenced) this.#closed = { by: 'store', why };
  }

  /** @throws {Error} when anything speaks against the servers */
  async #look(): Promise<void> {
    const { commands, rediscover, settings } = this.#parts;
    const facts = (await commands.sendToMasters('INFO')).map((text) => parseInfo(String(text)));
    if (facts.length === 0 || facts.some(({ isMaster }) => !isMaster)) {
      rediscover();
      throw new Error('the server is no master');
    }
    if (facts.some(({ isLoading }) => isLoading)) throw new Error('the server is loading its data');
    const unfitness = facts.flatMap((each) => unfitnessOf(each, settings));
    if (unfitness.length > 0) throw new UnfitStore(unfitness);
    await this.#compareClocks();
    await this.#compareDataset();
    await this.#followMasters(facts);
    await this.probe();
    this.#noteEvictions(facts);
  }

  /** Writes, reads back and deletes. In a cluster in several places: the store is there when one of them is.
   * @throws {Error} when that is not possible */
  async probe(): Promise<void> {
    const isSpread = this.#parts.settings.topology.mode === 'cluster';
    const first = Math.floor(Math.random() * BUCKETS);
    const probes = Array.from({ length: isSpread ? PROBES_OF_A_CLUSTER : 1 }, (_, index) =>
      this.#probeIn((first + index) % BUCKETS),
    );
    await Promise.any(probes).catch((cause: unknown) => {
      throw cause instanceof AggregateError ? cause.errors[0] : cause;
    });
  }

  async #probeIn(bucket: number): Promise<void> {
    const { commands, settings } = this.#parts;
    const id = `${process.pid}-${Math.random()}`;
    const key = probeKey(settings.tenant, bucket, id);
    const replies = await Promise.all([
      commands.send(key, 'SET', key, id, 'NX', 'PX', String(PROBE_LIFE_MILLISECONDS)),
      commands.send(key, 'GETDEL', key),
    ]);
    if (replies[0] !== 'OK' || replies[1] !== id) throw new Error('the probe was not read back');
  }

  async #compareClocks(): Promise<void> {
    const { clock, commands, events, settings } = this.#parts;
    const before = millisecondsOf(clock);
    const replies = await commands.sendToMasters('TIME');
    const own = (before + millisecondsOf(clock)) / 2;
    const differences = replies.map((reply) => {
      const [seconds, microseconds] = reply as readonly [string, string];
      return Number(seconds) + Number(microseconds) / 1_000_000 - own / 1000;
    });
    const worst = differences.toSorted((a, b) => Math.abs(b) - Math.abs(a))[0] ?? 0;
    const isFar = Math.abs(worst) > settings.maxSkewSeconds / 2;
    if (isFar && worst !== this.#clockDifferenceSeconds)
      events.onAlarm(`STORE_CLOCK: the clock of the store is ${worst.toFixed(1)} s from ours`);
    this.#clockDifferenceSeconds = worst;
  }

  async #compareDataset(): Promise<void> {
    const { clock, commands, settings } = this.#parts;
    const access = { commands, clock, tenant: settings.tenant };
    this.#dataset ??= await openDataset(access);
    if (!(await isStillThere(access, this.#dataset))) this.lose();
    if (this.#isLost) throw new Error('the dataset is gone or another one');
  }

  /** A server that is new to us has perhaps not all that we were told was written: we write it again. */
  async #followMasters(facts: readonly ServerFacts[]): Promise<void> {
    const { events } = this.#parts;
    const runIds = new Set(facts.map(({ runId }) => runId));
    const isChanged =
      this.#runIds.size > 0 && [...runIds].some((runId) => !this.#runIds.has(runId));
    if (isChanged) {
      if (this.#closed?.why !== CHANGED) events.onRoleChange();
      this.#fence(CHANGED);
      const start = performance.now();
      await this.#rewrite(0);
      await delay(SETTLE_MILLISECONDS, undefined, { ref: false });
      await this.#rewrite(start);
    }
    this.#runIds = new Set([...this.#runIds, ...runIds]);
  }

  async #rewrite(since: number): Promise<void> {
    const { commands, ring } = this.#parts;
    const calls = [...ring.since(since)];
    while (calls.length > 0) {
      const batch = calls.splice(0, REWRITE_BATCH);
      await Promise.all(batch.map((call) => commands.run(call)));
    }
  }

  /** Keys that were evicted may have been marks: what is older than this moment cannot be answered for. */
  #noteEvictions(facts: readonly ServerFacts[]): void {
    const { clock, events } = this.#parts;
    for (const { runId, evictedKeys } of facts) {
      if (evictedKeys > (this.#evictedKeys.get(runId) ?? 0)) {
        this.#evictedAt = clock.now() + 1;
        events.onAlarm(`STORE_EVICTED: the server has evicted ${evictedKeys} keys`);
      }
      this.#evictedKeys.set(runId, evictedKeys);
    }
  }
}
