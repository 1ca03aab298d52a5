// What a driver must do: carry a command to the master that has its key. All that the store asks of Redis goes through these
// few calls, so a driver knows nothing of marks and tombstones and the store nothing of sockets.
import type { RedisSettings } from './settings.ts';

export type Reply = string | number | null | readonly Reply[];
export type Words = readonly string[];

/** One call under its deadline. */
export interface Call {
  /** Whether the caller has its answer already: what is not sent yet must not be sent any more. */
  readonly isOver: boolean;
}

export interface RedisDriver {
  /** Sends a command to the master that has the key. */
  send(key: string, words: Words): Promise<Reply>;
  /** Sends a write, and right behind it on the same connection the command that waits for its replicas. */
  sendConfirmed(
    key: string,
    commands: readonly [write: Words, wait: Words],
    call: Call,
  ): Promise<readonly [Reply, Reply]>;
  /** Sends a command to every master. */
  sendToMasters(words: Words): Promise<readonly Reply[]>;
  /** Asks who is master, anew. */
  rediscover(): void;
  close(): Promise<void>;
}

export interface DriverEvents {
  /** A connection broke, was made anew or leads elsewhere: what is behind it may have changed. */
  readonly onDoubt: () => void;
  /** For the log. */
  readonly onError: (cause: unknown) => void;
}

export type OpenDriver = (settings: RedisSettings, events: DriverEvents) => RedisDriver;

/** How long until the next try to connect, milliseconds: soon, then calmly, and for ever. */
export function reconnectDelay(retries: number): number {
  return Math.min(50 * 2 ** Math.min(retries, 5), 1000);
}

/** The part of a pool with the least to do. A write that waits for replicas blocks what comes after it. */
export class LeastBusy<T> {
  readonly #members: readonly { readonly member: T; busy: number }[];

  constructor(members: readonly T[]) {
    this.#members = members.map((member) => ({ member, busy: 0 }));
  }

  async use<Result>(work: (member: T) => Promise<Result>): Promise<Result> {
    const [first, ...others] = this.#members;
    if (!first) throw new Error('there is no connection for writes that wait for replicas');
    const chosen = others.reduce((best, other) => (other.busy < best.busy ? other : best), first);
    chosen.busy += 1;
    try {
      return await work(chosen.member);
    } finally {
      chosen.busy -= 1;
    }
  }
}
