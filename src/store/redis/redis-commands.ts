// The commands the store speaks, each under the deadline. Any error is a refusal: whether the command was done is not known.
import { ExchangeFailure } from '#core/failure.ts';
import type { DeadlineWheel } from './deadline-wheel.ts';
import type { RedisDriver, Reply, Words } from './redis-driver.ts';
import { meaningOf, type ReplyMeaning, replyCode } from './reply-meaning.ts';
import type { Script } from './scripts.ts';

export interface ScriptCall {
  readonly script: Script;
  /** The canary first. All of one bucket. */
  readonly keys: readonly [canary: string, ...string[]];
  /** What the canary must say first. */
  readonly args: readonly [canaryText: string, ...string[]];
}

export interface RedisCommandsParts {
  readonly driver: RedisDriver;
  readonly wheel: DeadlineWheel;
  readonly minReplicas: number;
  readonly waitMilliseconds: number;
  /** Told of each error, with what it means. */
  readonly onError: (cause: unknown, meaning: ReplyMeaning) => void;
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

export class RedisCommands {
  readonly #parts: RedisCommandsParts;

  constructor(parts: RedisCommandsParts) {
    this.#parts = parts;
  }

  /** Runs a script on the master.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  run(call: ScriptCall): Promise<Reply> {
    const [byHash, byText] = evaluations(call);
    const [key] = call.keys;
    return this.#closed(async () => {
      try {
        return await this.#parts.driver.send(key, byHash);
      } catch (cause) {
        if (!isUnknownScript(cause)) throw cause;
        return this.#parts.driver.send(key, byText);
      }
    });
  }

  /** Runs a script and counts it only when enough replicas have its writes. What was written stays in any case.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  async runConfirmed(call: ScriptCall): Promise<Reply> {
    const { driver, minReplicas, waitMilliseconds, wheel } = this.#parts;
    if (minReplicas === 0) return this.run(call);
    const [byHash, byText] = evaluations(call);
    const [key] = call.keys;
    const wait = ['WAIT', String(minReplicas), String(waitMilliseconds)];
    const [reply, replicas] = await this.#failing(() =>
      wheel.run(async (running) => {
        try {
          return await driver.sendConfirmed(key, [byHash, wait], running);
        } catch (cause) {
          if (!isUnknownScript(cause)) throw cause;
          return driver.sendConfirmed(key, [byText, wait], running);
        }
      }),
    );
    if (Number(replicas) < minReplicas)
      throw new ExchangeFailure('dependency-unavailable', 'a write is on too few replicas');
    return reply;
  }

  /** Reads keys of one bucket. Asked once more where the error passes by itself.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  read(keys: readonly [string, ...string[]]): Promise<readonly (string | null)[]> {
    const { driver } = this.#parts;
    return this.#closed(async () => {
      const ask = () => driver.send(keys[0], ['MGET', ...keys]);
      const reply = await ask().catch((cause: unknown) => {
        if (!meaningOf(cause).mayReadAgain) throw cause;
        return ask();
      });
      return reply as readonly (string | null)[];
    });
  }

  /** Sends any other command to the master that has the key.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  send(key: string, ...words: Words): Promise<Reply> {
    return this.#closed(() => this.#parts.driver.send(key, words));
  }

  /** @throws {ExchangeFailure} `dependency-unavailable` */
  sendToMasters(...words: Words): Promise<readonly Reply[]> {
    return this.#closed(() => this.#parts.driver.sendToMasters(words));
  }

  #closed<T>(work: () => Promise<T>): Promise<T> {
    return this.#failing(() => this.#parts.wheel.run(work));
  }

  async #failing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof ExchangeFailure) throw cause;
      this.#parts.onError(cause, meaningOf(cause));
      const code = replyCode(cause) ?? 'no reply';
      throw new ExchangeFailure('dependency-unavailable', `the Redis store: ${code}`, { cause });
    }
  }
}
