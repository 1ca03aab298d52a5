// The own writes of the last minutes, to be sent again after a change of master: a failover can lose the last of what was
// acknowledged, and this process normally outlives it. Each entry says how it is written again; doing so twice is harmless.
import type { ScriptCall } from './redis-commands.ts';

/** Bounds the memory: about 50 MiB. Beyond it the oldest go, and the ring reaches less far back. */
const MOST_ENTRIES = 100_000;

interface Entry {
  readonly at: number;
  readonly bucket: number;
  readonly rewrite: (nowMilliseconds: number) => ScriptCall | undefined;
}

/** The writes of this process within the last `seconds`. */
export class RewriteRing {
  readonly #milliseconds: number;
  #entries: Entry[] = [];
  #first = 0;

  constructor(seconds: number) {
    this.#milliseconds = seconds * 1000;
  }

  /** Keeps a write. It answers the call that does it again, or nothing once what was written has ended. */
  keep(bucket: number, rewrite: Entry['rewrite']): void {
    const at = performance.now();
    this.#entries.push({ at, bucket, rewrite });
    while (this.#isStale(this.#entries[this.#first], at)) this.#first += 1;
    if (this.#first * 2 > this.#entries.length && this.#first > 1000) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
  }

  /** The writes to these buckets since then, oldest first, as calls. */
  since(milliseconds: number, buckets: readonly number[]): readonly ScriptCall[] {
    const now = performance.now();
    const wanted = new Set(buckets);
    const live = this.#entries
      .slice(this.#first)
      .filter(
        (entry) => entry.at >= milliseconds && wanted.has(entry.bucket) && !this.#isOld(entry, now),
      );
    return live.flatMap(({ rewrite }) => rewrite(now) ?? []);
  }

  #isOld({ at }: Entry, now: number): boolean {
    return now - at > this.#milliseconds;
  }

  #isStale(entry: Entry | undefined, now: number): boolean {
    if (!entry) return false;
    return this.#isOld(entry, now) || this.#entries.length - this.#first > MOST_ENTRIES;
  }
}
