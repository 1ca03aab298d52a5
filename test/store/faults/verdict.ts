// After healing: the store is held to what it acknowledged during the fault.
import type { Store } from '#core/ports.ts';
import { eventually } from '#test/support/eventually.ts';
import type { Happening } from './load/happenings.ts';
import { keyOf, LIFETIME_SECONDS } from './load/lanes.ts';
import type { LoadReport } from './load/load.ts';

/** Figures of a run. All but the first block must be zero. */
export interface Verdict {
  readonly calls: number;
  readonly accepted: number;
  readonly failed: number;
  readonly revoked: number;
  readonly violations: Readonly<Record<Invariant, number>>;
  /** The longest call, less what the process itself was held up. */
  readonly longestCallMilliseconds: number;
  /** The longest time without any success. */
  readonly outageMilliseconds: number;
  /** The same, from when the servers were able to serve again. */
  readonly recoveryMilliseconds: number;
}

export const INVARIANTS = {
  'accepted-twice': 'nothing that is good once was accepted twice',
  'mark-lost': 'every accepted id is on the master',
  'revocation-lost': 'no acknowledged revocation is lost',
  'old-generation': 'no old refresh generation was taken',
  'locked-out': 'a retry of a refresh succeeds',
} as const;

export type Invariant = keyof typeof INVARIANTS;

const BATCH = 200;

/** Asks until there is an answer: what is judged is what the store remembers, not how soon it is back. */
async function answered<T>(ask: () => Promise<T>): Promise<T> {
  let answer: { readonly value: T } | undefined;
  await eventually('the store answers', async () => {
    answer = { value: await ask() };
    return true;
  });
  if (!answer) throw new Error('no answer');
  return answer.value;
}

async function inBatches<T>(
  items: readonly T[],
  work: (item: T) => Promise<boolean>,
): Promise<number> {
  let found = 0;
  for (let start = 0; start < items.length; start += BATCH) {
    const results = await Promise.all(
      items.slice(start, start + BATCH).map((item) => answered(() => work(item))),
    );
    found += results.filter(Boolean).length;
  }
  return found;
}

const idsOf = (
  happenings: readonly Happening[],
  kind: Happening['kind'],
  result: Happening['result'],
): string[] =>
  happenings.flatMap((one) => (one.kind === kind && one.result === result ? [one.id] : []));

function duplicates(ids: readonly string[]): number {
  return ids.length - new Set(ids).size;
}

/** The longest time without any success since `ableAt`. */
function outage(happenings: readonly Happening[], ableAt: number): number {
  const ends = happenings
    .filter(({ result }) => result === 'ok')
    .map(({ at, milliseconds }) => at + milliseconds)
    .filter((end) => end > ableAt)
    .toSorted((a, b) => a - b);
  let [longest, last] = [0, ableAt || (ends[0] ?? 0)];
  for (const end of ends) [longest, last] = [Math.max(longest, end - last), end];
  return longest;
}

const countSaid = (happenings: readonly Happening[], violation: string): number =>
  happenings.filter((one) => one.violation === violation).length;

/** Ids that can be presented with success once more than they may. */
async function acceptedAgain(happenings: readonly Happening[], store: Store): Promise<number> {
  const accepted = new Set(idsOf(happenings, 'once', 'ok'));
  const unknown = new Set(idsOf(happenings, 'once', 'failed').filter((id) => !accepted.has(id)));
  // A mark of the same attempt counts: its first answer may have been lost.
  const isStored = async (id: string, attempt: string): Promise<boolean> => {
    const put = await store.putOnce(keyOf('once', id), attempt, LIFETIME_SECONDS);
    return put.stored || put.attempt === attempt;
  };
  return (
    (await inBatches([...accepted], (id) => isStored(id, 'judge'))) +
    (await inBatches(
      [...unknown],
      async (id) => (await isStored(id, 'judge')) && (await isStored(id, 'another')),
    ))
  );
}

/** Judges a run by a store that was opened anew after healing.
 * `isHeld` says whether an accepted id is where it must be, without any code of ours in between. */
export async function judge(
  report: LoadReport & { readonly ableAt: number },
  store: Store,
  isHeld: (id: string) => boolean,
): Promise<Verdict> {
  const { ableAt, happenings, worstLoopDelayMilliseconds } = report;
  const accepted = idsOf(happenings, 'once', 'ok');
  const revoked = idsOf(happenings, 'revoke', 'ok');
  const lost = accepted.filter((id) => !isHeld(id)).length;
  const alive = await inBatches(
    revoked,
    async (id) => !(await store.isRevoked([keyOf('revoke', id)])),
  );
  const longest = Math.max(0, ...happenings.map(({ milliseconds }) => milliseconds));
  return {
    calls: happenings.length,
    accepted: accepted.length,
    failed: happenings.filter(({ result }) => result === 'failed').length,
    revoked: revoked.length,
    violations: {
      'accepted-twice': duplicates(accepted) + (await acceptedAgain(happenings, store)),
      'mark-lost': lost,
      'revocation-lost': alive + countSaid(happenings, 'a revoked token is alive'),
      'old-generation': countSaid(happenings, 'an old generation was taken'),
      'locked-out': countSaid(happenings, 'a client is locked out'),
    },
    longestCallMilliseconds: Math.max(0, longest - worstLoopDelayMilliseconds),
    outageMilliseconds: outage(happenings, 0),
    recoveryMilliseconds: outage(happenings, ableAt),
  };
}
