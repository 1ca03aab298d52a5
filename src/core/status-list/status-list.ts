// Token Status Lists (draft-ietf-oauth-status-list): which place of which list a token has, and what the list says. Only the process that
// opened a list gives its places away; any process can tell what it says, by the ledger.
import { type MemoryEnd, validateRemembered } from '../decision/fence.ts';
import type { Clock, Instant } from '../instant.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Store, StoreKey } from '../ports.ts';
import type { StatusPlace } from '../token/token-spec.ts';

/** Places of one list: 128 bytes before compression, and as many look-ups to read it. */
export const STATUS_LIST_SIZE = 1024;

/** How long a list takes tokens in. */
const OPEN_SECONDS = 3600;

/** Look-ups at once. */
const LOOK_UPS = 128;

/** Bump when the stored form of a list changes. */
const LIST_VERSION = 1;

/** What a list says. */
export interface StatusListContent {
  /** The signature algorithm of the tokens in it. */
  readonly algorithm: string;
  /** One bit for each place, the least significant of the first byte first: set for a token that is revoked. */
  readonly bits: Uint8Array;
}

export interface StatusLists {
  /** The next free place in a list of tokens signed with this algorithm. */
  allocate(algorithm: string): StatusPlace;
  /** Makes the list of a place known to all processes. */
  register(place: StatusPlace): Promise<void>;
  /** Reads a list; undefined: there is none of this name, or all its tokens have ended.
   * @throws {ExchangeFailure} `dependency-unavailable` for one that is older than the memory of the store: nobody knows any more which of
   * its tokens are revoked */
  read(list: string): Promise<StatusListContent | undefined>;
}

interface StatusListsParts {
  readonly issuer: string;
  readonly store: Store;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly fence: MemoryEnd;
  readonly newId: () => string;
  /** The numbers from zero up to `size` in an order that nobody can foresee: places shall not tell which token came first. */
  readonly shuffled: (size: number) => readonly number[];
  readonly longestLifetimeSeconds: number;
  /** Kept on top of every lifetime, for clocks that differ. */
  readonly marginSeconds: number;
}

interface OpenList {
  readonly list: string;
  readonly algorithm: string;
  readonly openedAt: Instant;
  readonly places: readonly number[];
  used: number;
  registration?: Promise<void>;
}

/** The id of the token at a place: from it the ledger knows the token. */
export const tokenIdAt = ({ list, index }: StatusPlace): string => `${list}-${index}`;

const listKey = (issuer: string, list: string): StoreKey => ({
  class: 'ledger',
  parts: ['status-list', issuer, list],
});

interface StoredList {
  readonly algorithm: string;
  /** Absent: a release wrote it that did not say so. */
  readonly openedAt?: Instant;
}

const writeList = ({ algorithm, openedAt }: OpenList): string =>
  JSON.stringify({ v: LIST_VERSION, algorithm, openedAt });

function parseList(text: string): StoredList {
  const { v, algorithm, openedAt } = JSON.parse(text) as Readonly<Record<string, unknown>>;
  if (v !== LIST_VERSION || typeof algorithm !== 'string')
    throw new Error('a status list of an unknown form');
  return { algorithm, ...(typeof openedAt === 'number' && { openedAt }) };
}

async function readBits(list: string, { issuer, ledger }: StatusListsParts): Promise<Uint8Array> {
  const bits = new Uint8Array(STATUS_LIST_SIZE / 8);
  for (let start = 0; start < STATUS_LIST_SIZE; start += LOOK_UPS) {
    const indices = Array.from({ length: LOOK_UPS }, (_, step) => start + step);
    const standings = await Promise.all(
      indices.map((index) => ledger.standing({ issuer, id: tokenIdAt({ list, index }) })),
    );
    for (const [step, { isGroundless, isRevoked }] of standings.entries()) {
      const byte = Math.floor((start + step) / 8);
      if (isRevoked || isGroundless) bits[byte] = (bits[byte] ?? 0) | (1 << (step % 8));
    }
  }
  return bits;
}

/** The lists that this process gives places of, one for each algorithm. */
function createAllocator({ clock, fence, newId, shuffled }: StatusListsParts) {
  const open = new Map<string, OpenList>();
  /** Lists that no other process knows of yet, full ones too: no token of theirs may leave. */
  const unregistered = new Map<string, OpenList>();
  const takesMore = ({ openedAt, used }: OpenList): boolean =>
    used < STATUS_LIST_SIZE &&
    clock.now() < openedAt + OPEN_SECONDS &&
    openedAt >= fence().issuedBefore;
  function openList(algorithm: string): OpenList {
    const standing = open.get(algorithm);
    if (standing && takesMore(standing)) return standing;
    const opened: OpenList = {
      list: newId(),
      algorithm,
      openedAt: clock.now(),
      places: shuffled(STATUS_LIST_SIZE),
      used: 0,
    };
    open.set(algorithm, opened);
    unregistered.set(opened.list, opened);
    return opened;
  }
  return {
    unregistered,
    allocate: (algorithm: string): StatusPlace => {
      const list = openList(algorithm);
      const index = list.places[list.used];
      if (index === undefined) throw new Error('an open list has no free place');
      list.used += 1;
      return { list: list.list, index };
    },
  };
}

/** Lists over a store and a ledger. */
export function createStatusLists(parts: StatusListsParts): StatusLists {
  const { fence, issuer, longestLifetimeSeconds, marginSeconds, store } = parts;
  const { allocate, unregistered } = createAllocator(parts);
  const lifetimeSeconds = OPEN_SECONDS + longestLifetimeSeconds + marginSeconds;
  const write = (opened: OpenList): Promise<void> =>
    store.set(listKey(issuer, opened.list), writeList(opened), lifetimeSeconds);
  return {
    allocate,
    async register({ list }) {
      const opened = unregistered.get(list);
      if (!opened) return;
      opened.registration ??= write(opened);
      try {
        await opened.registration;
        unregistered.delete(list);
      } catch (cause) {
        delete opened.registration;
        throw cause;
      }
    },
    async read(list) {
      const text = await store.get(listKey(issuer, list));
      if (text === undefined) return undefined;
      const { algorithm, openedAt } = parseList(text);
      if (openedAt !== undefined) validateRemembered(openedAt, fence());
      return { algorithm, bits: await readBits(list, parts) };
    },
  };
}
