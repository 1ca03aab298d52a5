// Whether one master can be trusted with an answer. It is closed until it was looked at, after every connection that broke,
// while its clock is too far ahead, and while it may not have all that its predecessor had acknowledged. Others go on.
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '#core/instant.ts';
import type { RedisDriver, Reply } from '../drivers/redis-driver.ts';
import type { RedisCommands } from '../redis-commands.ts';
import { canaryKey, EVERY_BUCKET, probeKey } from '../redis-key.ts';
import type { RewriteRing } from '../rewrite-ring.ts';
import { PROBE } from '../scripts.ts';
import type { RedisSettings } from '../settings.ts';
import { ClockWatch } from './clock-watch.ts';
import type { Dataset, Findings } from './dataset.ts';
import type { OwnTrace } from './own-trace.ts';
import { parseInfo, type ServerFacts, type Unfitness, unfitnessOf } from './server-facts.ts';

const RETRY_MILLISECONDS = 100;
/** Asking who is master costs connections. */
const REDISCOVER_EVERY_MILLISECONDS = 1000;
/** After a change of master, for the other processes to write their rings too. */
const SETTLE_MILLISECONDS = 1000;
/** A server that was started so recently may be one that another process writes its ring to. */
const YOUNG_SECONDS = 2;
/** Commands of a ring under way at once. */
const REWRITE_BATCH = 500;
/** One that was missed may have been ours: a busy process. */
const MISSED_BEATS = 2;

/** The servers answer, and must not be used as they are. */
export class UnfitStore extends Error {
  readonly unfitness: readonly Unfitness[];

  constructor(unfitness: readonly Unfitness[]) {
    super(unfitness.map(({ code, text }) => `${code}: ${text}`).join('; '));
    this.name = 'UnfitStore';
    this.unfitness = unfitness;
  }
}

const CHANGED = 'the master has changed';

/** `store`: not looked at, not there or not fit. `fenced`: what it remembers is in question. */
export type Closed = { readonly by: 'store' | 'fenced'; readonly why: string };

export interface ShardParts {
  readonly settings: RedisSettings;
  readonly driver: RedisDriver;
  readonly commands: RedisCommands;
  readonly ring: RewriteRing;
  readonly clock: Clock;
  readonly dataset: Dataset;
  /** The incarnations of masters that this process has written its ring to, or that it began with. */
  readonly known: Set<string>;
  readonly trace: OwnTrace;
  /** Whether the process has not served anything yet. */
  readonly isStart: () => boolean;
  readonly events: ShardEvents;
  /** Nothing is written: no canaries, and no probes in passing. */
  readonly isReadOnly?: boolean;
}

interface ShardEvents {
  /** Opened, closed or fenced. */
  readonly onChange: () => void;
  /** Another master, or the same server after a restart. */
  readonly onRoleChange: () => void;
  readonly onUnfit: (cause: UnfitStore) => void;
  /** Keys were evicted; told once for each time. */
  readonly onEvicted: (keys: number) => void;
  /** Its clock went ahead at once, by more than marks have to spare: some may have ended too early. */
  readonly onClockStep: (seconds: number) => void;
  /** It was given data that is older than what the ring reaches back to. */
  readonly onOldData: () => void;
  /** The canaries are not ours any more. It throws. */
  readonly onLost: () => never;
  readonly onAlarm: (message: string) => void;
  readonly onError: (cause: unknown) => void;
}

/** The watch over one master. */
export class ShardWatch {
  readonly #master: string;
  readonly #parts: ShardParts;
  #closed: Closed | undefined = { by: 'store', why: 'not looked at yet' };
  #evictedKeys = 0;
  readonly #clockWatch: ClockWatch;
  #clockAheadSeconds = 0;
  #looking: Promise<void> | undefined;
  #beating: Promise<void> | undefined;
  #missedBeats = 0;
  #rediscoveredAt = 0;
  #isDoubted = false;
  #isStopped = false;
  #wake: () => void = () => {};

  constructor(master: string, parts: ShardParts) {
    this.#master = master;
    this.#parts = parts;
    this.#clockWatch = new ClockWatch(parts.clock);
  }

  /** Why it is closed; undefined while its answers can be trusted. */
  get closed(): Closed | undefined {
    return this.#closed;
  }

  /** How far its clock is ahead of ours; negative when it is behind. */
  get clockAheadSeconds(): number {
    return this.#clockAheadSeconds;
  }

  /** A connection to it broke, or it said something that a good master does not say. */
  doubt(): void {
    if (!this.#closed) this.#become({ by: 'store', why: 'the connection is in doubt' });
    this.look();
  }

  /** Looks at it, while it goes on. */
  look(): void {
    this.#isDoubted = true;
    this.#wake();
    this.#looking ??= this.#lookUntilSure().finally(() => {
      this.#looking = undefined;
    });
  }

  /** Reads the clock, leaves a trace and probes, from time to time. A master that is none any more refuses the trace. One that is cut off
   * from its replicas still answers reads, and does not know what was revoked on the other side; but it cannot confirm the write of a
   * probe. */
  beat(): void {
    if (this.#closed) return;
    const { isReadOnly, settings } = this.#parts;
    const isProbed = !isReadOnly && settings.minReplicas > 0;
    this.#beating ??= Promise.all([
      this.#watchClock(),
      isProbed && this.probe(),
      isReadOnly !== true && this.#leaveTrace(),
    ])
      .then(
        () => {
          this.#missedBeats = 0;
        },
        () => {
          this.#missedBeats += 1;
          if (this.#missedBeats >= MISSED_BEATS) this.doubt();
        },
      )
      .finally(() => {
        this.#beating = undefined;
      });
  }

  /** Writes, reads back and deletes, on enough replicas. A master that has no bucket has nothing to prove.
   * @throws {Error} when that is not possible */
  async probe(): Promise<void> {
    const { commands, dataset, settings } = this.#parts;
    const buckets = this.#learntBuckets();
    const bucket = buckets[Math.floor(Math.random() * buckets.length)];
    if (bucket === undefined) return;
    const id = `${process.pid}-${Math.random()}`;
    const keys = [
      canaryKey(settings.tenant, bucket),
      probeKey(settings.tenant, bucket, id),
    ] as const;
    const args = [dataset.canaryOf(bucket) ?? '', id] as const;
    const reply = await commands.runConfirmedAt(this.#master, { script: PROBE, keys, args });
    this.#assertOurs(reply);
    if (!Array.isArray(reply) || reply[1] !== id) throw new Error('the probe was not read back');
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake();
    await Promise.all([this.#looking, this.#beating]);
  }

  #become(closed: Closed | undefined): void {
    this.#closed = closed;
    this.#parts.events.onChange();
  }

  async #lookUntilSure(): Promise<void> {
    while (this.#isDoubted && !this.#isStopped) {
      this.#isDoubted = false;
      try {
        await this.#lookOnce();
        this.#missedBeats = 0;
        if (!this.#isDoubted) this.#become(undefined);
      } catch (cause) {
        this.#isDoubted = true;
        this.#onFailedLook(cause);
        await this.#pause();
      }
    }
  }

  /** Between two looks, unless a connection comes up meanwhile. */
  async #pause(): Promise<void> {
    if (this.#isStopped) return;
    const pause = Promise.withResolvers<void>();
    const timer = setTimeout(pause.resolve, RETRY_MILLISECONDS).unref();
    this.#wake = pause.resolve;
    await pause.promise;
    clearTimeout(timer);
  }

  #onFailedLook(cause: unknown): void {
    const { events } = this.#parts;
    const why = cause instanceof Error ? cause.message : 'unknown';
    const isNews = this.#closed?.why !== why;
    if (this.#closed?.by !== 'fenced') this.#become({ by: 'store', why });
    if (cause instanceof UnfitStore) {
      events.onUnfit(cause);
      if (isNews) events.onAlarm(cause.message);
    } else this.#rediscover();
  }

  /** Perhaps another is master by now, and nobody has told us. */
  #rediscover(): void {
    const { driver, events } = this.#parts;
    const now = performance.now();
    if (now - this.#rediscoveredAt < REDISCOVER_EVERY_MILLISECONDS) return;
    this.#rediscoveredAt = now;
    driver.rediscover(this.#master).catch(events.onError);
  }

  /** The buckets whose keys it has, as far as is known. */
  #buckets(): readonly number[] {
    const { driver, settings } = this.#parts;
    return EVERY_BUCKET.filter(
      (bucket) => driver.masterFor(canaryKey(settings.tenant, bucket)) === this.#master,
    );
  }

  /** Those whose canaries are known: a slot may have come to it since it was looked at. */
  #learntBuckets(): readonly number[] {
    const { dataset } = this.#parts;
    return this.#buckets().filter((bucket) => dataset.canaryOf(bucket) !== undefined);
  }

  /** @throws {Error} when anything speaks against it */
  async #lookOnce(): Promise<void> {
    const { commands, dataset, isReadOnly, settings } = this.#parts;
    const facts = parseInfo(String(await commands.ask(this.#master, 'INFO')));
    if (!facts.isMaster) throw new Error('the server is no master');
    if (facts.isLoading) throw new Error('the server is loading its data');
    const unfitness = unfitnessOf(facts, settings);
    if (unfitness.length > 0) throw new UnfitStore(unfitness);
    await this.#compareClocks();
    const findings = await dataset.look(this.#buckets());
    if (!findings.isOurs) this.#parts.events.onLost();
    await this.#follow(facts, findings);
    if (!isReadOnly) await this.probe();
    this.#noteEvictions(facts);
  }

  /** Lifetimes end by its clock: one that is far ahead forgets marks while what they guard against is still good.
   * @throws {Error} for one that is too far ahead */
  async #compareClocks(): Promise<void> {
    if ((await this.#readClock()) > this.#parts.settings.maxSkewSeconds)
      throw new Error('the clock of the server is too far ahead');
  }

  /** In passing: a step that is taken back before the next look would not be seen there. No answer tells nothing of the clock. */
  async #watchClock(): Promise<void> {
    const ahead = await this.#readClock().catch(() => 0);
    if (ahead > this.#parts.settings.maxSkewSeconds) this.doubt();
  }

  /** What is wrong with a master that does not take it is told by what it answers; a full one is good for reads. */
  async #leaveTrace(): Promise<void> {
    const [bucket] = this.#learntBuckets();
    if (bucket === undefined) return;
    await this.#parts.trace.leave(this.#master, bucket).catch(() => undefined);
  }

  /** How far its clock is ahead of ours. */
  async #readClock(): Promise<number> {
    const { commands, events, settings } = this.#parts;
    const askTime = () => commands.ask(this.#master, 'TIME');
    const { aheadSeconds: ahead, wentAheadSeconds } = await this.#clockWatch.read(askTime);
    if (wentAheadSeconds > settings.maxSkewSeconds) events.onClockStep(wentAheadSeconds);
    const isFar = Math.abs(ahead) > settings.maxSkewSeconds / 2;
    const isNews = Math.abs(ahead - this.#clockAheadSeconds) > 1;
    this.#clockAheadSeconds = ahead;
    if (isFar && isNews)
      events.onAlarm(`STORE_CLOCK: the clock of the store is ${ahead.toFixed(1)} s from ours`);
    return ahead;
  }

  /** A master that is new to us has perhaps not all that we were told was written: we write it again. A slot that moves from
   * one to another that we know took its keys along. */
  async #follow(facts: ServerFacts, findings: Findings): Promise<void> {
    const { events, isStart, known, ring, trace } = this.#parts;
    if (known.has(facts.incarnation)) return;
    if (this.#mayHaveForgotten(facts, findings)) {
      if (!isStart()) {
        if (known.size > 0 && this.#closed?.why !== CHANGED) events.onRoleChange();
        this.#become({ by: 'fenced', why: CHANGED });
      }
      const lostSince = await trace.lostSince(this.#master, this.#buckets());
      if (lostSince !== undefined && lostSince < ring.reachesBackTo) events.onOldData();
      const start = performance.now();
      await this.#rewrite(0);
      await delay(SETTLE_MILLISECONDS, undefined, { ref: false });
      await this.#rewrite(start);
    }
    known.add(facts.incarnation);
  }

  /** A process that has just started has no ring, but others may be about to write theirs. */
  #mayHaveForgotten({ uptimeSeconds, wasPromoted }: ServerFacts, { isNew }: Findings): boolean {
    if (isNew || this.#buckets().length === 0) return false;
    const isCalm = !wasPromoted && uptimeSeconds > YOUNG_SECONDS;
    return !(this.#parts.isStart() && isCalm);
  }

  async #rewrite(since: number): Promise<void> {
    const { commands, ring } = this.#parts;
    const calls = [...ring.since(since, this.#buckets())];
    while (calls.length > 0) {
      const batch = calls.splice(0, REWRITE_BATCH);
      const replies = await Promise.all(batch.map((call) => commands.runAt(this.#master, call)));
      for (const reply of replies) this.#assertOurs(reply);
    }
  }

  #assertOurs(reply: Reply): void {
    if (Array.isArray(reply) && reply[0] === 'dataset') this.#parts.events.onLost();
  }

  #noteEvictions({ evictedKeys }: ServerFacts): void {
    if (evictedKeys > this.#evictedKeys) this.#parts.events.onEvicted(evictedKeys);
    this.#evictedKeys = evictedKeys;
  }
}
