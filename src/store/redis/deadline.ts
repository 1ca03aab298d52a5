// The deadline that all calls to the servers have, and how many of them may be under way.
import { ExchangeFailure } from '#core/failure.ts';
import type { Call } from './drivers/redis-driver.ts';

interface DeadlineSettings {
  readonly deadlineMilliseconds: number;
  /** Calls under way at once; more are refused at once, so that a slow server cannot fill the memory. */
  readonly maxCalls: number;
}

export class Deadline {
  readonly #settings: DeadlineSettings;
  #calls = 0;
  readonly #idle: (() => void)[] = [];

  constructor(settings: DeadlineSettings) {
    this.#settings = settings;
  }

  /** Runs a call under the deadline. When it passes the outcome is unknown, whatever comes later.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  run<T>(work: (call: Call) => Promise<T>): Promise<T> {
    const { deadlineMilliseconds, maxCalls } = this.#settings;
    if (this.#calls >= maxCalls) return Promise.reject(unavailable('too many calls wait'));
    this.#calls += 1;
    return new Promise<T>((resolve, reject) => {
      const call = { isOver: false };
      const expire = (): void => {
        call.isOver = true;
        reject(unavailable('the deadline has passed'));
      };
      // After what has arrived by now was read: an answer that only we were too busy to look at is an answer.
      const timer = setTimeout(() => setImmediate(expire), deadlineMilliseconds).unref();
      const settle = (): void => {
        this.#calls -= 1;
        call.isOver = true;
        clearTimeout(timer);
        if (this.#calls <= 1) for (const tell of this.#idle.splice(0)) tell();
      };
      // A reply that comes after the deadline finds the promise settled and changes nothing.
      work(call).finally(settle).then(resolve, reject);
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
}

function unavailable(detail: string): ExchangeFailure {
  return new ExchangeFailure('dependency-unavailable', `the Redis store: ${detail}`);
}
