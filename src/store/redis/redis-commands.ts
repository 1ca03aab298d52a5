// The commands the store speaks, each under the deadline. Any error is a refusal: whether the command was done is not known.
// What the store asks goes only to a master that was looked at; the look itself names its master.
import { ExchangeFailure } from '#core/failure.ts';
import type { Deadline } from './deadline.ts';
import type { Call, RedisDriver, Reply, Words } from './drivers/redis-driver.ts';
import { meaningOf, type ReplyMeaning, replyCode } from './reply-meaning.ts';
import type { Script } from './scripts.ts';

export interface ScriptCall {
  readonly script: Script;
  /** The canary first. All of one bucket. */
  readonly keys: readonly [canary: string, ...string[]];
  /** What the canary must say first. */
  readonly args: readonly [canaryText: string, ...string[]];
}

interface RedisCommandsParts {
  readonly driver: RedisDriver;
  readonly deadline: Deadline;
  readonly minReplicas: number;
  readonly waitMilliseconds: number;
  /** Throws while the answers of a master cannot be trusted. */
  readonly assertOpen: (master: string) => void;
  /** Told of each error, with what it means and who answered it. */
  readonly onError: (cause: unknown, meaning: ReplyMeaning, master: string | undefined) => void;
}

type Evaluate = readonly [byHash: Words, byText: Words];

function evaluations({ script, keys, args }: ScriptCall): Evaluate {
  const rest = [String(keys.length), ...keys, ...args];
  return [
    ['EVALSHA', script.sha, ...rest],
    ['EVAL', script.text, ...rest],
  ];
}

const isUnknownScript = (cause: unknown): boolean => replyCode(cause) === 'NOSCRIPT';
const isMoved = (cause: unknown): boolean => replyCode(cause) === 'MOVED';

/** What is sent to a master. */
type Work<T> = (master: string, call: Call) => Promise<T>;

/** The commands. Each goes to the master that has its keys. */
export class RedisCommands {
  readonly #parts: RedisCommandsParts;

  constructor(parts: RedisCommandsParts) {
    this.#parts = parts;
  }

  /** Runs a script on the master that has its keys.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  run(call: ScriptCall): Promise<Reply> {
    return this.#trusted(call.keys[0], (master) => this.#evaluate(master, call));
  }

  /** Runs a script and counts it only when enough replicas have its writes. What was written stays in any case.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  runConfirmed(call: ScriptCall): Promise<Reply> {
    return this.#trusted(call.keys[0], this.#confirmed(call));
  }

  /** Reads keys of one bucket. Asked once more where the error passes by itself.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  read(keys: readonly [string, ...string[]]): Promise<readonly (string | null)[]> {
    return this.#trusted(keys[0], async (master) => {
      const ask = () => this.#parts.driver.send(master, ['MGET', ...keys]);
      const reply = await ask().catch((cause: unknown) => {
        if (!meaningOf(cause).mayReadAgain) throw cause;
        return ask();
      });
      return reply as readonly (string | null)[];
    });
  }

  /** For the look: asks a master, trusted or not.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  ask(master: string, ...words: Words): Promise<Reply> {
    return this.#at(master, () => this.#parts.driver.send(master, words));
  }

  /** For the look: asks whoever has a key.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  askFor(key: string, ...words: Words): Promise<Reply> {
    const { driver } = this.#parts;
    return this.#failing(undefined, async () => driver.send(masterOf(driver, key), words));
  }

  /** For the look: runs a script on a master, and waits for the replicas where they are asked for.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  runConfirmedAt(master: string, call: ScriptCall): Promise<Reply> {
    return this.#at(master, this.#confirmed(call));
  }

  /** For the look: runs a script on a master.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  runAt(master: string, call: ScriptCall): Promise<Reply> {
    return this.#at(master, () => this.#evaluate(master, call));
  }

  async #evaluate(master: string, call: ScriptCall): Promise<Reply> {
    const { driver } = this.#parts;
    const [byHash, byText] = evaluations(call);
    try {
      return await driver.send(master, byHash);
    } catch (cause) {
      if (!isUnknownScript(cause)) throw cause;
      return driver.send(master, byText);
    }
  }

  #confirmed(call: ScriptCall): Work<Reply> {
    const { driver, minReplicas, waitMilliseconds } = this.#parts;
    if (minReplicas === 0) return (master) => this.#evaluate(master, call);
    const [byHash, byText] = evaluations(call);
    const wait = ['WAIT', String(minReplicas), String(waitMilliseconds)];
    return async (master, running) => {
      const attempt = (write: Words) => driver.sendConfirmed(master, [write, wait], running);
      const [reply, replicas] = await attempt(byHash).catch((cause: unknown) => {
        if (!isUnknownScript(cause)) throw cause;
        return attempt(byText);
      });
      if (Number(replicas) < minReplicas)
        throw new ExchangeFailure('dependency-unavailable', 'a write is on too few replicas');
      return reply;
    };
  }

  #at<T>(master: string, work: Work<T>): Promise<T> {
    return this.#failing(master, (call) => work(master, call));
  }

  /** To a master that was looked at, and whose answer counts only while nothing has spoken against it meanwhile. One that has
   * given the key away did nothing: then it is asked for again, and sent once more. */
  #trusted<T>(key: string, work: Work<T>): Promise<T> {
    const { assertOpen, driver } = this.#parts;
    const attempt = async (call: Call): Promise<T> => {
      const master = masterOf(driver, key);
      assertOpen(master);
      const reply = await work(master, call).catch((cause: unknown) => {
        if (!isMoved(cause)) this.#tell(cause, master);
        throw cause;
      });
      assertOpen(master);
      return reply;
    };
    return this.#failing(undefined, (call) =>
      attempt(call).catch(async (cause: unknown) => {
        if (!isMoved(cause)) throw cause;
        await driver.rediscover();
        return attempt(call);
      }),
    );
  }

  async #failing<T>(master: string | undefined, work: (call: Call) => Promise<T>): Promise<T> {
    try {
      return await this.#parts.deadline.run(work);
    } catch (cause) {
      if (cause instanceof ExchangeFailure) throw cause;
      if (master !== undefined) this.#tell(cause, master);
      const code = replyCode(cause) ?? 'no reply';
      throw new ExchangeFailure('dependency-unavailable', `the Redis store: ${code}`, { cause });
    }
  }

  #tell(cause: unknown, master: string): void {
    if (!(cause instanceof ExchangeFailure)) this.#parts.onError(cause, meaningOf(cause), master);
  }
}

/** @throws {Error} while nobody is known to serve the key */
function masterOf(driver: RedisDriver, key: string): string {
  const master = driver.masterFor(key);
  if (master === undefined) throw new Error('nobody serves this key');
  return master;
}
