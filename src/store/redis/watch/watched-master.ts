// One master, as it is looked at: what it says of itself, how its clock goes, whose data it has, and whether it has all of that.
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
import { parseInfo, requireFit, type ServerFacts } from './server-facts.ts';

/** After a change of master, for the other processes to write their rings too. */
const SETTLE_MILLISECONDS = 1000;
/** A server that was started so recently may be one that another process writes its ring to. */
const YOUNG_SECONDS = 2;
/** Commands of a ring under way at once. */
const REWRITE_BATCH = 500;

export interface MasterParts {
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
  readonly events: MasterEvents;
  /** Nothing is written: no canaries, and no probes in passing. */
  readonly isReadOnly?: boolean;
}

export interface MasterEvents {
  /** Keys were evicted; told once for each time. */
  readonly onEvicted: (keys: number) => void;
  /** Its clock went ahead at once, by more than marks have to spare: some may have ended too early. */
  readonly onClockStep: (seconds: number) => void;
  /** It was given data that is older than what the ring reaches back to. */
  readonly onOldData: () => void;
  /** The canaries are not ours any more. It throws. */
  readonly onLost: () => never;
  readonly onAlarm: (message: string) => void;
}

export class WatchedMaster {
  readonly #name: string;
  readonly #parts: MasterParts;
  readonly #clockWatch: ClockWatch;
  #clockAheadSeconds = 0;
  #evictedKeys = 0;

  constructor(name: string, parts: MasterParts) {
    this.#name = name;
    this.#parts = parts;
    this.#clockWatch = new ClockWatch(parts.clock);
  }

  /** How far its clock is ahead of ours; negative when it is behind. */
  get clockAheadSeconds(): number {
    return this.#clockAheadSeconds;
  }

  /** Holds everything against it. `onChanged` is told before it is written to because it may not have all that its predecessor had.
   * @throws {Error} when anything speaks against it
   * @throws {UnfitStore} when it must not be used as it is */
  async look(onChanged: () => void): Promise<void> {
    const { commands, dataset, events, isReadOnly, settings } = this.#parts;
    const facts = parseInfo(String(await commands.ask(this.#name, 'INFO')));
    if (!facts.isMaster) throw new Error('the server is no master');
    if (facts.isLoading) throw new Error('the server is loading its data');
    requireFit(facts, settings);
    // Lifetimes end by its clock: one that is far ahead forgets marks while what they guard against is still good.
    if (await this.isClockTooFarAhead())
      throw new Error('the clock of the server is too far ahead');
    const findings = await dataset.look(this.#buckets());
    if (!findings.isOurs) events.onLost();
    await this.#follow(facts, findings, onChanged);
    if (!isReadOnly) await this.probe();
    this.#noteEvictions(facts);
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
    const reply = await commands.runConfirmedAt(this.#name, { script: PROBE, keys, args });
    this.#assertOurs(reply);
    if (!Array.isArray(reply) || reply[1] !== id) throw new Error('the probe was not read back');
  }

  /** What is wrong with a master that does not take it is told by what it answers; a full one is good for reads. */
  async leaveTrace(): Promise<void> {
    const [bucket] = this.#learntBuckets();
    if (bucket === undefined) return;
    await this.#parts.trace.leave(this.#name, bucket).catch(() => undefined);
  }

  /** Asks it for the time. */
  async isClockTooFarAhead(): Promise<boolean> {
    const { commands, events, settings } = this.#parts;
    const askTime = () => commands.ask(this.#name, 'TIME');
    const { aheadSeconds: ahead, wentAheadSeconds } = await this.#clockWatch.read(askTime);
    if (wentAheadSeconds > settings.maxSkewSeconds) events.onClockStep(wentAheadSeconds);
    const isFar = Math.abs(ahead) > settings.maxSkewSeconds / 2;
    const isNews = Math.abs(ahead - this.#clockAheadSeconds) > 1;
    this.#clockAheadSeconds = ahead;
    if (isFar && isNews)
      events.onAlarm(`STORE_CLOCK: the clock of the store is ${ahead.toFixed(1)} s from ours`);
    return ahead > settings.maxSkewSeconds;
  }

  /** The buckets whose keys it has, as far as is known. */
  #buckets(): readonly number[] {
    const { driver, settings } = this.#parts;
    return EVERY_BUCKET.filter(
      (bucket) => driver.masterFor(canaryKey(settings.tenant, bucket)) === this.#name,
    );
  }

  /** Those whose canaries are known: a slot may have come to it since it was looked at. */
  #learntBuckets(): readonly number[] {
    const { dataset } = this.#parts;
    return this.#buckets().filter((bucket) => dataset.canaryOf(bucket) !== undefined);
  }

  /** A master that is new to us has perhaps not all that we were told was written: we write it again. A slot that moves from
   * one to another that we know took its keys along. */
  async #follow(facts: ServerFacts, findings: Findings, onChanged: () => void): Promise<void> {
    const { events, known, ring, trace } = this.#parts;
    if (known.has(facts.incarnation)) return;
    if (this.#mayHaveForgotten(facts, findings)) {
      onChanged();
      const lostSince = await trace.lostSince(this.#name, this.#buckets());
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
      const replies = await Promise.all(batch.map((call) => commands.runAt(this.#name, call)));
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
