// The own writes of the last minutes, to be sent again after a change of master: a failover can lose the last of what was
// acknowledged, and this process normally outlives it. To write an entry twice is harmless.
import type { ScriptCall } from './redis-commands.ts';
import { lifeOf } from './stored-form.ts';

/** Both bound the memory: about 50 MiB of entries, and as much of long texts, as what a refresh token was granted for can be. Beyond it the
 * oldest go, and the ring reaches less far back. */
const MOST_ENTRIES = 100_000;
const MOST_CHARACTERS = 50_000_000;

interface Entry {
  readonly at: number;
  readonly bucket: number;
  readonly characters: number;
  readonly call: ScriptCall;
  /** When what was written has ended. */
  readonly end: number;
}

/** The writes of this process within the last `seconds`, or within as many before a master went away. */
export class RewriteRing {
  readonly #milliseconds: number;
  #heldAt: number | undefined;
  #entries: Entry[] = [];
  #first = 0;
  #characters = 0;
  #droppedAt = Number.NEGATIVE_INFINITY;

  constructor(seconds: number) {
    this.#milliseconds = seconds * 1000;
  }

  /** Nothing gets older while a master is away: what a server loses is what came before it went, however long ago that was. */
  hold(isHeld: boolean): void {
    this.#heldAt = isHeld ? (this.#heldAt ?? performance.now()) : undefined;
  }

  /** Since when it has all own writes. */
  get reachesBackTo(): number {
    return Math.max((this.#heldAt ?? performance.now()) - this.#milliseconds, this.#droppedAt);
  }

  /** Keeps a write that lives so long from now, as the call that does it again; the last argument of that is how long it lives. */
  keep(bucket: number, call: ScriptCall, milliseconds: number): void {
    const at = performance.now();
    const characters = call.args.reduce((sum, { length }) => sum + length, 0);
    this.#entries.push({ at, bucket, characters, call, end: at + milliseconds });
    this.#characters += characters;
    this.#drop(at);
    if (this.#first * 2 > this.#entries.length) {
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
        (entry) =>
          entry.at >= milliseconds &&
          wanted.has(entry.bucket) &&
          now < entry.end &&
          !this.#isOld(entry, now),
      );
    return live.map(({ call, end }) => withLife(call, end - now));
  }

  #isOld({ at }: Entry, now: number): boolean {
    return (this.#heldAt ?? now) - at > this.#milliseconds;
  }

  #drop(now: number): void {
    for (;;) {
      const first = this.#entries[this.#first];
      const isTooMuch =
        this.#entries.length - this.#first > MOST_ENTRIES || this.#characters > MOST_CHARACTERS;
      if (!first || !(isTooMuch || this.#isOld(first, now))) return;
      this.#first += 1;
      this.#droppedAt = first.at;
      this.#characters -= first.characters;
    }
  }
}

const withLife = (
  { args: [canaryText, ...args], ...call }: ScriptCall,
  life: number,
): ScriptCall => ({
  ...call,
  args: [canaryText, ...args.with(-1, lifeOf(life))],
});
