// Whether a server still has what this process wrote to it last. One that was given an older copy of its data, or a replica that
// had followed nobody for long, looks like one that was restarted: the canaries are there.
import { randomUUID } from 'node:crypto';
import type { RedisCommands } from '../redis-commands.ts';
import { canaryKey, probeKey } from '../redis-key.ts';
import { PUT } from '../scripts.ts';
import { readValue, writeValue } from '../stored-form.ts';
import type { Dataset } from './dataset.ts';

/** Longer than servers are away while their processes go on. */
const LIFETIME_MILLISECONDS = 7 * 86_400_000;

interface OwnTraceParts {
  readonly commands: RedisCommands;
  readonly dataset: Dataset;
  readonly tenant: string;
}

/** The times at which this process wrote last, on the servers and as it knows them itself: milliseconds of its own uptime. */
export class OwnTrace {
  readonly #parts: OwnTraceParts;
  readonly #id = randomUUID();
  readonly #leftAt = new Map<number, number>();

  constructor(parts: OwnTraceParts) {
    this.#parts = parts;
  }

  /** Leaves the time in a bucket of a master.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  async leave(master: string, bucket: number): Promise<void> {
    const { commands, dataset, tenant } = this.#parts;
    const now = performance.now();
    const keys = [canaryKey(tenant, bucket), this.#key(bucket)] as const;
    const args = [
      dataset.canaryOf(bucket) ?? '',
      writeValue(String(now)),
      String(LIFETIME_MILLISECONDS),
    ] as const;
    const reply = await commands.runAt(master, { script: PUT, keys, args });
    if (Array.isArray(reply) && reply[0] === 'done') this.#leftAt.set(bucket, now);
  }

  /** Since when a master does not have what was written, as far as these buckets tell; undefined: all is there. It is told once.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  async lostSince(master: string, buckets: readonly number[]): Promise<number | undefined> {
    const stillThere = performance.now() - LIFETIME_MILLISECONDS;
    const known = buckets.flatMap((bucket) => {
      const leftAt = this.#leftAt.get(bucket);
      return leftAt !== undefined && leftAt > stillThere ? [{ bucket, leftAt }] : [];
    });
    const found = await Promise.all(
      known.map(async ({ bucket, leftAt }) => {
        const text = await this.#parts.commands.ask(master, 'GET', this.#key(bucket));
        const at = text === null ? Number.NEGATIVE_INFINITY : Number(readValue(String(text)));
        return at < leftAt ? [at] : [];
      }),
    );
    for (const { bucket } of known) this.#leftAt.delete(bucket);
    const lost = found.flat();
    return lost.length === 0 ? undefined : Math.min(...lost);
  }

  #key(bucket: number): string {
    return probeKey(this.#parts.tenant, bucket, this.#id);
  }
}
