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

interface Member<T> {
  readonly member: Promise<T>;
  busy: number;
}

/** Connections for writes that wait for replicas: such a write blocks what comes after it, so the least busy one is taken,
 * and a further one is opened while all are busy. */
export class WaitPool<T> {
  readonly #most: number;
  readonly #open: () => Promise<T>;
  readonly #members: Member<T>[] = [];
  #isClosed = false;

  constructor(most: number, open: () => Promise<T>) {
    this.#most = most;
    this.#open = open;
  }

  /** @throws {Error} when the call is over before there was a connection for it: it is not sent late */
  async use<Result>(call: Call, work: (member: T) => Promise<Result>): Promise<Result> {
    const chosen = this.#choose();
    chosen.busy += 1;
    try {
      const member = await chosen.member;
      if (call.isOver) throw new Error('too late to be sent');
      return await work(member);
    } finally {
      chosen.busy -= 1;
    }
  }

  /** Opens all, one after another, so that the first burst of writes finds them. */
  async fill(): Promise<void> {
    while (!this.#isClosed && this.#members.length < this.#most) await this.#add().member;
  }

  /** Opens no more. */
  close(): void {
    this.#isClosed = true;
  }

  #choose(): Member<T> {
    const [least] = this.#members.toSorted((one, other) => one.busy - other.busy);
    const isFull = this.#isClosed || this.#members.length >= this.#most;
    return least && (least.busy === 0 || isFull) ? least : this.#add();
  }

  #add(): Member<T> {
    const added = { member: this.#open(), busy: 0 };
    this.#members.push(added);
    // One that could not be opened makes room for another try.
    added.member.catch(() => this.#members.splice(this.#members.indexOf(added), 1));
    return added;
  }
}
