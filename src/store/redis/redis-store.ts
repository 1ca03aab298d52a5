// The Store port on Redis. Written once over a narrow set of commands, so it does not know which driver carries them. Time is
// that of the servers.
import { ExchangeFailure } from '#core/failure.ts';
import type {
  BucketFill,
  PutOnce,
  Rotation,
  RotationStep,
  Store,
  StoreEntry,
  StoreHealth,
  StoreKey,
} from '#core/ports.ts';
import { assertFill, assertWhole, expiryOf } from '../amounts.ts';
import { assertStep } from '../rotation-step.ts';
import { isDurable, type StoreVerb } from '../store-verb.ts';
import type { Reply } from './drivers/redis-driver.ts';
import type { RedisCommands, ScriptCall } from './redis-commands.ts';
import type { Place, PlaceOf } from './redis-key.ts';
import type { RewriteRing } from './rewrite-ring.ts';
import * as scripts from './scripts.ts';
import {
  lifeOf,
  readMark,
  readValue,
  TOMBSTONE,
  wordOf,
  writeMark,
  writeValue,
} from './stored-form.ts';
import type { StoreWatch } from './watch/store-watch.ts';

/** What Redis takes as a lifetime without counting past the end of its clock. */
const LONGEST_MILLISECONDS = 100 * 365 * 86_400_000;

interface RedisStoreParts {
  readonly commands: RedisCommands;
  readonly watch: StoreWatch;
  readonly ring: RewriteRing;
  readonly placeOf: PlaceOf;
  /** Whether keys of different buckets can lie on different servers. */
  readonly isSpread: boolean;
  readonly close: () => Promise<void>;
}

/** The milliseconds of a lifetime, by the rule of all adapters. */
function millisecondsFor(lifetimeSeconds: number): number {
  return Math.min(expiryOf(0, lifetimeSeconds) * 1000, LONGEST_MILLISECONDS);
}

type Answer = readonly [word: string, ...rest: Reply[]];

/** A store that all processes of all hosts share. `openRedisStore` makes one. */
export class RedisStore implements Store {
  readonly #parts: RedisStoreParts;
  #closing: Promise<void> | undefined;

  constructor(parts: RedisStoreParts) {
    this.#parts = parts;
  }

  async putOnce(key: StoreKey, attempt: string, lifetimeSeconds: number): Promise<PutOnce> {
    const place = this.#place('putOnce', key);
    const milliseconds = millisecondsFor(lifetimeSeconds);
    const text = writeMark(attempt);
    const call = this.#call(scripts.MARK, place, text, lifeOf(milliseconds));
    const [word, standing] = await this.#decide(call, true);
    const isStored = word === 'stored';
    // One's own that stood: its first answer was lost.
    if (isStored || standing === text) this.#keep(place, call, milliseconds);
    return isStored ? { stored: true } : { stored: false, attempt: readMark(String(standing)) };
  }

  async isMarked(key: StoreKey): Promise<boolean> {
    const [text = null] = await this.#read([this.#place('isMarked', key)]);
    return text !== null;
  }

  async revoke(keys: readonly StoreKey[], lifetimeSeconds: number): Promise<void> {
    this.#assertOpen();
    const groups = groupsOf(keys.map((key) => this.#place('revoke', key)));
    const milliseconds = millisecondsFor(lifetimeSeconds);
    await Promise.all(
      groups.map(async (places) => {
        const [first, ...others] = places;
        const one = this.#call(scripts.REVOKE, first, TOMBSTONE, lifeOf(milliseconds));
        const keys = [...one.keys, ...others.map(({ key }) => key)] as const;
        const call = { ...one, keys };
        await this.#decide(call, true);
        this.#keep(first, call, milliseconds);
      }),
    );
  }

  async isRevoked(keys: readonly StoreKey[]): Promise<boolean> {
    this.#assertOpen();
    const groups = groupsOf(keys.map((key) => this.#place('isRevoked', key)));
    const found = await Promise.all(groups.map((places) => this.#read(places)));
    return found.flat().some((text) => text !== null);
  }

  async rotate(family: StoreKey, step: RotationStep, lifetimeSeconds: number): Promise<Rotation> {
    const place = this.#place('rotate', family);
    assertStep(step);
    const milliseconds = millisecondsFor(lifetimeSeconds);
    const words = [wordOf(step.from), wordOf(step.to), lifeOf(milliseconds)] as const;
    const call = this.#call(scripts.ROTATE, place, ...words);
    const [rotation] = await this.#decide(call, true);
    if (rotation !== 'conflict')
      this.#keep(place, { ...call, script: scripts.REWRITE_ROTATION }, milliseconds);
    return rotation as Rotation;
  }

  async get(key: StoreKey): Promise<string | undefined> {
    const [text = null] = await this.#read([this.#place('get', key)]);
    return text === null ? undefined : readValue(text);
  }

  async set(key: StoreKey, value: string, lifetimeSeconds: number): Promise<void> {
    const place = this.#place('set', key);
    const milliseconds = millisecondsFor(lifetimeSeconds);
    const call = this.#call(scripts.PUT, place, writeValue(value), lifeOf(milliseconds));
    await this.#decide(call, true);
    this.#keep(place, { ...call, script: scripts.REWRITE_VALUE }, milliseconds);
  }

  async setUnlessRevoked(entry: StoreEntry, tombstones: readonly StoreKey[]): Promise<boolean> {
    const place = this.#place('setUnlessRevoked', entry.key);
    const others = tombstones.map((tombstone) => this.#place('isRevoked', tombstone));
    if (this.#parts.isSpread && others.some(({ bucket }) => bucket !== place.bucket)) {
      // At once: the keys lie on several servers, and one after the other would be a round trip more. A revocation that comes
      // while they are under way may count as later than the value: it ends what the value stands for all the same.
      const write = this.set(entry.key, entry.value, entry.lifetimeSeconds);
      const [isRevoked] = await Promise.all([this.isRevoked(tombstones), write]);
      return !isRevoked;
    }
    const milliseconds = millisecondsFor(entry.lifetimeSeconds);
    const words = [writeValue(entry.value), lifeOf(milliseconds)] as const;
    const call = this.#call(scripts.PUT_UNLESS_REVOKED, place, ...words);
    const keys = [...call.keys, ...others.map(({ key }) => key)] as const;
    const [word] = await this.#decide({ ...call, keys }, true);
    if (word === 'revoked') return false;
    this.#keep(place, { ...call, script: scripts.REWRITE_VALUE }, milliseconds);
    return true;
  }

  async increment(key: StoreKey, by: number, lifetimeSeconds: number): Promise<number> {
    assertWhole(by);
    const place = this.#place('increment', key);
    const milliseconds = millisecondsFor(lifetimeSeconds);
    const isKept = isDurable(key.class) && by !== 0;
    const life = lifeOf(milliseconds);
    const [, sum] = await this.#decide(this.#call(scripts.COUNT, place, String(by), life), isKept);
    if (isKept) {
      const call = this.#call(scripts.REWRITE_COUNT, place, String(sum), life);
      this.#keep(place, call, milliseconds);
    }
    return Number(sum);
  }

  async fillBuckets(fills: readonly BucketFill[]): Promise<readonly number[]> {
    this.#assertOpen();
    for (const fill of fills) assertFill(fill);
    return Promise.all(
      fills.map(async ({ key, milliseconds, mostMilliseconds }) => {
        const amounts = [String(milliseconds), String(mostMilliseconds)] as const;
        const place = this.#place('fillBuckets', key);
        const [, level] = await this.#decide(this.#call(scripts.FILL, place, ...amounts), false);
        return Number(level);
      }),
    );
  }

  /** Writes, reads back and deletes.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  async health(): Promise<StoreHealth> {
    this.#assertOpen();
    const { watch } = this.#parts;
    const start = performance.now();
    await watch.probe();
    const datasetId = watch.datasetId ?? '';
    return { roundTripMilliseconds: performance.now() - start, datasetId };
  }

  close(): Promise<void> {
    this.#closing ??= this.#parts.close();
    return this.#closing;
  }

  #assertOpen(): void {
    if (this.#closing) throw new ExchangeFailure('dependency-unavailable', 'the store is closed');
  }

  #place(verb: StoreVerb, key: StoreKey): Place {
    this.#assertOpen();
    return this.#parts.placeOf(verb, key);
  }

  #call(script: scripts.Script, { bucket, canary, key }: Place, ...args: readonly string[]) {
    const canaryText = this.#parts.watch.canaryOf(bucket);
    return {
      script,
      keys: [canary, key] as const,
      args: [canaryText, ...args] as const,
    } satisfies ScriptCall;
  }

  /** @throws {ExchangeFailure} `dependency-unavailable`, also while the servers cannot be trusted */
  async #decide(call: ScriptCall, isConfirmed: boolean): Promise<Answer> {
    const { commands, watch } = this.#parts;
    const reply = await (isConfirmed ? commands.runConfirmed(call) : commands.run(call));
    const answer = reply as Answer;
    if (answer[0] === 'dataset') watch.lose();
    if (answer[0] === 'form')
      throw new ExchangeFailure(
        'dependency-unavailable',
        'a stored value has a form we do not know',
      );
    return answer;
  }

  /** Reads places of one bucket. */
  async #read(places: Group): Promise<readonly (string | null)[]> {
    const { commands, watch } = this.#parts;
    const { bucket, canary } = places[0];
    const [found, ...texts] = await commands.read([canary, ...places.map(({ key }) => key)]);
    if (found !== watch.canaryOf(bucket)) watch.lose();
    return texts;
  }

  #keep({ bucket }: Place, call: ScriptCall, milliseconds: number): void {
    this.#parts.ring.keep(bucket, call, milliseconds);
  }
}

type Group = readonly [Place, ...Place[]];

/** Places by bucket: one script reaches a bucket. */
function groupsOf(places: readonly Place[]): readonly Group[] {
  const groups = new Map<number, [Place, ...Place[]]>();
  for (const place of places) {
    const group = groups.get(place.bucket);
    if (group) group.push(place);
    else groups.set(place.bucket, [place]);
  }
  return [...groups.values()];
}
