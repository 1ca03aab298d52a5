// What a driver must do: say which master has a key, and carry commands to it. A driver knows nothing of marks and tombstones, the store
// nothing of sockets. A driver follows no redirection by itself: only a master that was looked at may answer.
import type { RedisSettings } from '../settings.ts';

export type Reply = string | number | null | readonly Reply[];
export type Words = readonly string[];

/** One call under its deadline. */
export interface Call {
  /** Whether the caller has its answer already: what is not sent yet must not be sent any more. */
  readonly isOver: boolean;
}

/** The name of the master where there is one at a time. */
const ONLY_MASTER = 'master';

export interface RedisDriver {
  /** The masters as they are known now: one, or those of a cluster by their addresses. */
  masters(): readonly string[];
  /** The master that has the key, as far as is known. */
  masterFor(key: string): string | undefined;
  /** Sends a command to a master. */
  send(master: string, words: Words): Promise<Reply>;
  /** Sends a write, and right behind it on the same connection the command that waits for its replicas. */
  sendConfirmed(
    master: string,
    commands: readonly [write: Words, wait: Words],
    call: Call,
  ): Promise<readonly [Reply, Reply]>;
  /** Asks who is master, anew; not the one that is in doubt. */
  rediscover(doubted?: string): Promise<void>;
  close(): Promise<void>;
}

export interface DriverEvents {
  /** A connection broke, was made anew or leads elsewhere: what is behind it may have changed. Without a name: any. */
  readonly onDoubt: (master?: string) => void;
  /** For the log. */
  readonly onError: (cause: unknown) => void;
}

export type OpenDriver = (settings: RedisSettings, events: DriverEvents) => RedisDriver;

/** The master where there is one at a time. There is none until it was reached: a command into nothing would be a failure to tell of,
 * at every start. */
export function oneMaster({ onDoubt }: Pick<DriverEvents, 'onDoubt'>) {
  let masters: readonly string[] = [];
  return {
    masters: (): readonly string[] => masters,
    masterFor: (): string => ONLY_MASTER,
    /** A connection to it is up. */
    onReady: (): void => {
      masters = [ONLY_MASTER];
      onDoubt();
    },
  };
}

/** A connection on which nothing arrives is replaced. A PING comes more often, so only a dead one is silent. */
export const SOCKET_TIMEOUT_MILLISECONDS = 2500;
export const CONNECT_TIMEOUT_MILLISECONDS = 1000;

/** How long until the next try to connect, milliseconds: soon, then calmly, and for ever. */
export function reconnectDelay(retries: number): number {
  return Math.min(50 * 2 ** Math.min(retries, 5), 1000);
}

interface Member<T> {
  readonly member: Promise<T>;
  busy: number;
}

/** Pools of connections to the masters of a cluster, and their end when a master is none any more. */
export class MasterPools<T> {
  readonly #open: (master: string) => WaitPool<T>;
  readonly #end: (master: string) => void;
  readonly #pools = new Map<string, WaitPool<T>>();

  constructor(open: (master: string) => WaitPool<T>, end: (master: string) => void) {
    this.#open = open;
    this.#end = end;
  }

  for(master: string): WaitPool<T> {
    const pool = this.#pools.get(master) ?? this.#open(master);
    this.#pools.set(master, pool);
    return pool;
  }

  /** Closes those to others. */
  keep(masters: readonly string[]): void {
    for (const [master, pool] of this.#pools) {
      if (masters.includes(master)) continue;
      this.#pools.delete(master);
      pool.close();
      this.#end(master);
    }
  }
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
