// Whether the servers can be trusted with an answer: each master by itself, and the dataset as a whole. Once the data behind
// them is not ours any more, all is closed until the next start.
import { ExchangeFailure } from '#core/failure.ts';
import type { Instant } from '#core/instant.ts';
import { canaryKey, EVERY_BUCKET } from '../redis-key.ts';
import { Dataset } from './dataset.ts';
import { OwnTrace } from './own-trace.ts';
import type { UnfitStore } from './server-facts.ts';
import { type ShardParts, ShardWatch } from './shard-watch.ts';

const START_PATIENCE_MILLISECONDS = 2000;
const BEAT_MILLISECONDS = 1000;
const BEATS_TO_A_LOOK = 60;

const LOST = 'the dataset is gone or another one';
const OLD_DATA = 'the server has forgotten more than is written again';

export interface WatchEvents {
  /** Another master, or the same server after a restart. */
  readonly onRoleChange: () => void;
  readonly onFence: (isFenced: boolean) => void;
  /** What an operator must know. */
  readonly onAlarm: (message: string) => void;
  /** A command failed or a connection broke: for the log. */
  readonly onError: (cause: unknown) => void;
}

interface WatchParts
  extends Omit<ShardParts, 'dataset' | 'known' | 'trace' | 'isStart' | 'events'> {
  readonly events: WatchEvents;
}

const closed = (why: string): ExchangeFailure =>
  new ExchangeFailure('dependency-unavailable', `the Redis store is closed: ${why}`);

/** The watch over all masters, and over whose data they have. */
export class StoreWatch {
  readonly #parts: WatchParts;
  readonly #dataset: Dataset;
  readonly #trace: OwnTrace;
  readonly #shards = new Map<string, ShardWatch>();
  readonly #known = new Set<string>();
  #isLost = false;
  #isFenceTold = false;
  #isStart = true;
  /** Up to when what it kept may have ended before its time. */
  #forgottenAt: Instant = 0;
  #beats = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #first = Promise.withResolvers<void>();

  constructor(parts: WatchParts) {
    this.#parts = parts;
    const { commands, settings } = parts;
    this.#dataset = new Dataset({ ...parts, tenant: settings.tenant });
    this.#trace = new OwnTrace({ commands, dataset: this.#dataset, tenant: settings.tenant });
  }

  /** @throws {ExchangeFailure} `dependency-unavailable` while the answers of a master cannot be trusted */
  assertOpen(master: string): void {
    if (this.#isLost) throw closed(LOST);
    const shard = this.#shards.get(master);
    if (!shard) this.#follow();
    const why = shard ? shard.closed?.why : 'a server that was not looked at yet';
    if (why !== undefined) throw closed(why);
  }

  /** What the canary of a bucket says.
   * @throws {ExchangeFailure} `dependency-unavailable` while that is not known: its slot came to a master after that was looked at */
  canaryOf(bucket: number): string {
    const text = this.#dataset.canaryOf(bucket);
    if (text !== undefined) return text;
    const { driver, settings } = this.#parts;
    const shard = this.#shards.get(driver.masterFor(canaryKey(settings.tenant, bucket)) ?? '');
    if (shard && !shard.closed) shard.look();
    throw closed('a part of the data that was not looked at yet');
  }

  get datasetId(): string | undefined {
    return this.#dataset.id;
  }

  /** What of the dataset a start would have to make. */
  get missing(): Dataset['missing'] {
    return this.#dataset.missing;
  }

  /** Since when it remembers; undefined while that is not known. */
  get begunAt(): Instant | undefined {
    const begunAt = this.#dataset.begunAt;
    return begunAt === undefined ? undefined : Math.max(begunAt, this.#forgottenAt);
  }

  /** Whether nothing is served because what is remembered is in question. */
  get isFenced(): boolean {
    return this.#isLost || (this.#openShards().length === 0 && this.#isAnyFenced());
  }

  get isClockWithinSkew(): boolean {
    const { maxSkewSeconds } = this.#parts.settings;
    const shards = [...this.#shards.values()];
    return shards.every(({ clockAheadSeconds }) => Math.abs(clockAheadSeconds) <= maxSkewSeconds);
  }

  /** The first look. Servers that are away are waited for a little, and looked for from then on.
   * @throws {UnfitStore} when they are there and must not be used */
  async start(): Promise<void> {
    const patience = setTimeout(() => this.#begin(), START_PATIENCE_MILLISECONDS);
    this.#timer = setInterval(() => this.#beat(), BEAT_MILLISECONDS).unref();
    this.#follow();
    try {
      await this.#first.promise;
    } finally {
      clearTimeout(patience);
    }
  }

  /** A connection broke or leads elsewhere. In a cluster the masters at other addresses go on. */
  doubt(master?: string): void {
    this.#follow();
    for (const [name, shard] of this.#shards)
      if (master === undefined || name === master) shard.doubt();
  }

  /** An operation met a canary that is not ours: the data is gone or another. Only a new start makes a dataset.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  lose(): never {
    if (!this.#isLost) {
      this.#isLost = true;
      this.#onChange();
      this.#parts.events.onAlarm(
        `STORE_DATASET: ${LOST}: the store is fenced until the next start`,
      );
    }
    throw closed(LOST);
  }

  /** Writes, reads back and deletes. In a cluster the store is there when one of its masters is.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  async probe(): Promise<void> {
    if (this.#isLost) throw closed(LOST);
    const open = this.#openShards();
    if (open.length === 0) {
      const [shard] = this.#shards.values();
      throw closed(shard?.closed?.why ?? 'no master is known');
    }
    await Promise.any(open.map((shard) => shard.probe())).catch((cause: unknown) => {
      throw cause instanceof AggregateError ? cause.errors[0] : cause;
    });
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#shards.values()].map((shard) => shard.stop()));
  }

  #openShards(): readonly ShardWatch[] {
    return [...this.#shards.values()].filter((shard) => !shard.closed);
  }

  #isAnyFenced(): boolean {
    return [...this.#shards.values()].some((shard) => shard.closed?.by === 'fenced');
  }

  #begin(): void {
    this.#isStart = false;
    this.#first.resolve();
  }

  #beat(): void {
    this.#follow();
    this.#cover();
    this.#beats += 1;
    const isLook = this.#beats % BEATS_TO_A_LOOK === 0;
    for (const shard of this.#shards.values())
      if (isLook) shard.look();
      else shard.beat();
  }

  /** Watches the masters there are, and no others. */
  #follow(): void {
    const { driver, events } = this.#parts;
    const masters = driver.masters();
    for (const master of masters) {
      if (this.#shards.has(master)) continue;
      const shard = this.#watch(master);
      this.#shards.set(master, shard);
      shard.look();
    }
    for (const [name, shard] of this.#shards) {
      if (masters.includes(name)) continue;
      this.#shards.delete(name);
      shard.stop().catch(events.onError);
      this.#onChange();
    }
  }

  /** Asks for the master of buckets that nobody is known to serve. */
  #cover(): void {
    const { driver, events, settings } = this.#parts;
    const isCovered = (bucket: number) =>
      driver.masterFor(canaryKey(settings.tenant, bucket)) !== undefined;
    if (this.#shards.size > 0 && !EVERY_BUCKET.every(isCovered))
      driver.rediscover().catch(events.onError);
  }

  #watch(master: string): ShardWatch {
    const { events } = this.#parts;
    return new ShardWatch(master, {
      ...this.#parts,
      dataset: this.#dataset,
      known: this.#known,
      trace: this.#trace,
      isStart: () => this.#isStart,
      events: {
        ...events,
        onChange: () => this.#onChange(),
        onUnfit: (cause: UnfitStore) => this.#first.reject(cause),
        onLost: () => this.lose(),
        onEvicted: (keys) => {
          this.#forget();
          events.onAlarm(`STORE_EVICTED: the server has evicted ${keys} keys`);
        },
        onOldData: () => {
          this.#forget();
          events.onAlarm(`STORE_OLD_DATA: ${OLD_DATA}: what is older than now is refused`);
        },
        onClockStep: (seconds) => {
          this.#forget();
          events.onAlarm(`STORE_CLOCK: the clock of the store went ${seconds.toFixed(1)} s ahead`);
        },
      },
    });
  }

  /** What is gone may have been marks: what is older than this moment cannot be answered for. */
  #forget(): void {
    this.#forgottenAt = this.#parts.clock.now() + 1;
  }

  #onChange(): void {
    const shards = [...this.#shards.values()];
    const isAllOpen = shards.length > 0 && shards.every((shard) => !shard.closed);
    if (isAllOpen) this.#begin();
    this.#parts.ring.hold(!isAllOpen);
    const isFenced = this.#isLost || this.#isAnyFenced();
    if (isFenced === this.#isFenceTold) return;
    this.#isFenceTold = isFenced;
    this.#parts.events.onFence(isFenced);
  }
}
