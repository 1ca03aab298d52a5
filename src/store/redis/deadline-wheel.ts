// Deadlines of all commands on one timer. A timer for each command would cost more than the command.
import { ExchangeFailure } from '#core/failure.ts';
import type { Call } from './drivers/redis-driver.ts';

const TICK_MILLISECONDS = 25;

class Waiting implements Call {
  isOver = false;
  readonly expire: () => void;

  constructor(expire: () => void) {
    this.expire = expire;
  }
}

export interface DeadlineSettings {
  readonly deadlineMilliseconds: number;
  /** Calls under way at once; more are refused at once, so that a slow server cannot fill the memory. */
  readonly maxCalls: number;
}

/** All calls have the same deadline: each goes into the slot behind the one that falls due next. */
export class DeadlineWheel {
  readonly #maxCalls: number;
  readonly #slots: readonly Set<Waiting>[];
  #now = 0;
  /** When the wheel was last turned. */
  #turnedAt = 0;
  #calls = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #idle: (() => void)[] = [];

  constructor({ deadlineMilliseconds, maxCalls }: DeadlineSettings) {
    this.#maxCalls = maxCalls;
    const slots = Math.ceil(deadlineMilliseconds / TICK_MILLISECONDS) + 1;
    this.#slots = Array.from({ length: slots }, () => new Set<Waiting>());
  }

  /** Runs a call under the deadline. When it passes the outcome is unknown, whatever comes later.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  run<T>(work: (call: Call) => Promise<T>): Promise<T> {
    if (this.#calls >= this.#maxCalls) return Promise.reject(unavailable('too many calls wait'));
    return new Promise<T>((resolve, reject) => {
      this.#keepTurning();
      const slot = this.#slots[(this.#now + this.#slots.length - 1) % this.#slots.length];
      const waiting = new Waiting(() => reject(unavailable('the deadline has passed')));
      slot?.add(waiting);
      this.#calls += 1;
      const settle = (): void => {
        this.#calls -= 1;
        waiting.isOver = true;
        slot?.delete(waiting);
        if (this.#calls <= 1) for (const tell of this.#idle.splice(0)) tell();
      };
      // A reply that comes after the deadline finds the promise settled and changes nothing.
      work(waiting).finally(settle).then(resolve, reject);
    });
  }

  /** Resolves when no other call is under way, at the latest after the deadline. */
  async idle(): Promise<void> {
    const idle = Promise.withResolvers<void>();
    this.#idle.push(idle.resolve);
    await this.run(async () => {
      if (this.#calls > 1) await idle.promise;
    }).catch(() => undefined);
  }

  #keepTurning(): void {
    if (this.#timer) {
      this.#turn();
      return;
    }
    this.#turnedAt = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MILLISECONDS).unref();
  }

  #tick(): void {
    this.#turn();
    if (this.#calls > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Turns as far as time has gone: a busy process misses ticks, and its callers must not wait for them. */
  #turn(): void {
    const ticks = Math.floor((performance.now() - this.#turnedAt) / TICK_MILLISECONDS);
    this.#turnedAt += ticks * TICK_MILLISECONDS;
    for (let turned = 0; turned < Math.min(ticks, this.#slots.length); turned += 1) {
      this.#now = (this.#now + 1) % this.#slots.length;
      const slot = this.#slots[this.#now];
      if (!slot || slot.size === 0) continue;
      const due = [...slot];
      slot.clear();
      // After what has arrived by now was read: an answer that only we were too busy to look at is an answer.
      setImmediate(() => expireAll(due));
    }
  }
}

function expireAll(due: readonly Waiting[]): void {
  for (const waiting of due) {
    if (waiting.isOver) continue;
    waiting.isOver = true;
    waiting.expire();
  }
}

function unavailable(detail: string): ExchangeFailure {
  return new ExchangeFailure('dependency-unavailable', `the Redis store: ${detail}`);
}
