// Whether one master can be trusted with an answer. It is closed until it was looked at, after every connection that broke,
// while its clock is too far ahead, and while it may not have all that its predecessor had acknowledged. Others go on.
import { UnfitStore } from './server-facts.ts';
import { type MasterEvents, type MasterParts, WatchedMaster } from './watched-master.ts';

const RETRY_MILLISECONDS = 100;
/** Asking who is master costs connections. */
const REDISCOVER_EVERY_MILLISECONDS = 1000;
/** One that was missed may have been ours: a busy process. */
const MISSED_BEATS = 2;

const CHANGED = 'the master has changed';

/** `store`: not looked at, not there or not fit. `fenced`: what it remembers is in question. */
type Closed = { readonly by: 'store' | 'fenced'; readonly why: string };

export interface ShardParts extends MasterParts {
  readonly events: ShardEvents;
}

interface ShardEvents extends MasterEvents {
  /** Opened, closed or fenced. */
  readonly onChange: () => void;
  /** Another master, or the same server after a restart. */
  readonly onRoleChange: () => void;
  readonly onUnfit: (cause: UnfitStore) => void;
  readonly onError: (cause: unknown) => void;
}

/** The watch over one master. */
export class ShardWatch {
  readonly #master: string;
  readonly #parts: ShardParts;
  readonly #watched: WatchedMaster;
  #closed: Closed | undefined = { by: 'store', why: 'not looked at yet' };
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
    this.#watched = new WatchedMaster(master, parts);
  }

  /** Why it is closed; undefined while its answers can be trusted. */
  get closed(): Closed | undefined {
    return this.#closed;
  }

  /** How far its clock is ahead of ours; negative when it is behind. */
  get clockAheadSeconds(): number {
    return this.#watched.clockAheadSeconds;
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
      isReadOnly !== true && this.#watched.leaveTrace(),
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
    await this.#watched.probe();
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
        await this.#watched.look(() => this.#fence());
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

  /** In passing: a step that is taken back before the next look would not be seen there. No answer tells nothing of the clock. */
  async #watchClock(): Promise<void> {
    if (await this.#watched.isClockTooFarAhead().catch(() => false)) this.doubt();
  }

  /** It may not have all that its predecessor had acknowledged. */
  #fence(): void {
    const { events, isStart, known } = this.#parts;
    if (isStart()) return;
    if (known.size > 0 && this.#closed?.why !== CHANGED) events.onRoleChange();
    this.#become({ by: 'fenced', why: CHANGED });
  }
}
