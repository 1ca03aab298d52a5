// Whose data the servers hold, and since when. Each bucket has a canary that says it; whoever finds another one, or none,
// knows that marks and tombstones around it are lost.
import { randomUUID } from 'node:crypto';
import type { Clock, Instant } from '#core/instant.ts';
import type { RedisCommands } from '../redis-commands.ts';
import { canaryKey } from '../redis-key.ts';
import { FORM_VERSION, wordOf } from '../stored-form.ts';

/** Of so many buckets one is looked at. */
const SAMPLE_STEP = 16;

const CANARY = /^1 (\S+) (\d+)$/;

interface Canary {
  readonly id: string;
  readonly begunAt: Instant;
}

/** @throws {Error} when it is not ours or of a later release */
function parseCanary(text: string): Canary {
  const [, id, begunAt] = CANARY.exec(text) ?? [];
  if (id === undefined) throw new Error('the dataset is of a form we do not know');
  return { id, begunAt: Number(begunAt) };
}

const writeCanary = ({ id, begunAt }: Canary): string => `${FORM_VERSION} ${wordOf(id)} ${begunAt}`;

interface DatasetAccess {
  readonly commands: RedisCommands;
  readonly tenant: string;
  readonly clock: Clock;
  /** Who only reads makes no canaries. */
  readonly isReadOnly?: boolean;
}

/** What a look at some buckets found. */
export interface Findings {
  /** False: a canary is missing, or another one, that was there before. */
  readonly isOurs: boolean;
  /** Whether nothing at all was there: there is nothing that could have been forgotten. */
  readonly isNew: boolean;
}

/** What this process knows of the data. It learns each bucket once, and holds the servers to that from then on. */
export class Dataset {
  readonly #access: DatasetAccess;
  readonly #canaries = new Map<number, string>();
  readonly #missing = new Set<number>();
  #id: string | undefined;
  #begunAt: Instant | undefined;

  constructor(access: DatasetAccess) {
    this.#access = access;
  }

  get id(): string | undefined {
    return this.#id;
  }

  /** When the youngest part of it was made: it remembers nothing from before. */
  get begunAt(): Instant | undefined {
    return this.#begunAt;
  }

  /** What a start would have to make. Of buckets that nobody has answered for it says nothing. */
  get missing(): 'nothing' | 'parts' | 'all' {
    if (this.#missing.size === 0) return 'nothing';
    return this.#canaries.size === 0 ? 'all' : 'parts';
  }

  /** What the canary of a bucket says; undefined while that is not known. */
  canaryOf(bucket: number): string | undefined {
    return this.#canaries.get(bucket);
  }

  /** Reads the canaries of the buckets that are new to us, and compares some of those we know: every script looks at the canary of
   * its own bucket, so a few are enough. A canary that is missing from a new bucket is made, with the time: what is older than that
   * must be refused.
   * @throws {Error} when the canaries cannot be read, or belong to different datasets */
  async look(buckets: readonly number[]): Promise<Findings> {
    const isOurs = await this.#compare(buckets.filter((bucket) => this.#canaries.has(bucket)));
    const unknown = buckets.filter((bucket) => !this.#canaries.has(bucket));
    const isNew = unknown.length > 0 && (await this.#learn(unknown));
    return { isOurs, isNew };
  }

  async #compare(known: readonly number[]): Promise<boolean> {
    const offset = Math.floor(Math.random() * SAMPLE_STEP);
    const sample = known.filter((_, index) => index % SAMPLE_STEP === offset % known.length);
    if (sample.length === 0) return true;
    const answers = await Promise.allSettled(
      sample.map(async (bucket) => (await this.#read(bucket)) === this.#canaries.get(bucket)),
    );
    // A bucket that is on the move says nothing about the others; what is asked of it is refused by itself.
    const said = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    if (said.length === 0) throw new Error('no canary answers');
    return said.every((isSame) => isSame);
  }

  /** Answers whether all of it had to be made. */
  async #learn(buckets: readonly number[]): Promise<boolean> {
    const before = await Promise.all(buckets.map((bucket) => this.#read(bucket)));
    if (this.#access.isReadOnly) return this.#learnWhatThereIs(buckets, before);
    if (before.includes(null)) await this.#makeMissing(buckets, before);
    const found = await Promise.all(
      buckets.map(async (bucket) => [bucket, await this.#read(bucket)] as const),
    );
    const learnt = found.map(([bucket, text]) => {
      if (text === null) throw new Error('a canary that was just written is gone');
      return { bucket, text, ...parseCanary(text) };
    });
    this.#remember(learnt);
    return before.every((text) => text === null);
  }

  #learnWhatThereIs(buckets: readonly number[], found: readonly (string | null)[]): boolean {
    const learnt = buckets.flatMap((bucket, index) => {
      const text = found[index] ?? null;
      if (text === null) this.#missing.add(bucket);
      return text === null ? [] : [{ bucket, text, ...parseCanary(text) }];
    });
    if (learnt.length > 0) this.#remember(learnt);
    return learnt.length === 0;
  }

  #remember(
    learnt: readonly (Canary & { readonly bucket: number; readonly text: string })[],
  ): void {
    const [id, ...others] = new Set(learnt.map((canary) => canary.id));
    if (others.length > 0 || (this.#id !== undefined && this.#id !== id))
      throw new Error('parts of the data belong to different datasets');
    this.#id = id;
    for (const { begunAt, bucket, text } of learnt) {
      this.#canaries.set(bucket, text);
      this.#begunAt = Math.max(this.#begunAt ?? begunAt, begunAt);
    }
  }

  /** Several processes may do this at once: where nothing is known yet, the first bucket decides whose id it is. */
  async #makeMissing(buckets: readonly number[], found: readonly (string | null)[]): Promise<void> {
    const begunAt = this.#access.clock.now();
    const known = found.find((text) => text !== null);
    const id = known ? parseCanary(known).id : (this.#id ?? (await this.#agreeOnId(begunAt)));
    await Promise.all(
      buckets
        .filter((_, index) => found[index] === null)
        .map((bucket) => this.#setIfAbsent(bucket, { id, begunAt })),
    );
  }

  async #agreeOnId(begunAt: Instant): Promise<string> {
    await this.#setIfAbsent(0, { id: randomUUID(), begunAt });
    const decided = await this.#read(0);
    if (decided === null) throw new Error('a canary that was just written is gone');
    return parseCanary(decided).id;
  }

  async #read(bucket: number): Promise<string | null> {
    const key = canaryKey(this.#access.tenant, bucket);
    return (await this.#access.commands.askFor(key, 'GET', key)) as string | null;
  }

  async #setIfAbsent(bucket: number, canary: Canary): Promise<void> {
    const key = canaryKey(this.#access.tenant, bucket);
    await this.#access.commands.askFor(key, 'SET', key, writeCanary(canary), 'NX');
  }
}
