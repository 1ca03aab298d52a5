// A fault as data, and the run of one: load, fault, healing, verdict.
import { eventually } from '#test/support/eventually.ts';
import type { Arena } from './arenas.ts';
import { type Load, type LoadOptions, type LoadReport, startLoad } from './load/load.ts';
import { deadlineOf, openStore } from './store-spec.ts';
import { judge, type Verdict } from './verdict.ts';

export interface Stage<A extends Arena> {
  readonly arena: A;
  readonly load: Load;
  /** From now on the servers can serve, as they say themselves: what is missing from here on is the store's. */
  readonly able: () => void;
}

export interface Fault<A extends Arena> {
  readonly id: string;
  /** Rows of the table of failures that it shows. */
  readonly rows: readonly number[];
  /** What is done to the servers. */
  readonly title: string;
  /** Does it and heals it again. */
  inject(stage: Stage<A>): Promise<void>;
  /** The longest time without any success, from when the servers were able to serve again where the fault says so. */
  readonly mostOutageMilliseconds: number;
  /** The part of all calls that may be refused closed. */
  readonly mostRefused?: number;
}

export interface Outcome {
  readonly id: string;
  readonly rows: readonly number[];
  readonly title: string;
  readonly verdict: Verdict;
  readonly told: LoadReport['told'];
  /** What was not as it must be; empty is a pass. */
  readonly problems: readonly string[];
}

/** What a call may take longer than its deadline. */
const GRACE_MILLISECONDS = 100;

function problemsOf(
  { violations, longestCallMilliseconds, recoveryMilliseconds, ...verdict }: Verdict,
  bounds: Pick<Fault<Arena>, 'mostOutageMilliseconds' | 'mostRefused'> & {
    readonly deadlineMilliseconds: number;
  },
): readonly string[] {
  const { deadlineMilliseconds, mostOutageMilliseconds, mostRefused = 1 } = bounds;
  const { accepted, calls, failed, revoked } = verdict;
  const longest = Math.round(longestCallMilliseconds);
  const checks: readonly (readonly [isWrong: boolean, what: string])[] = [
    ...Object.entries(violations).map(([name, count]) => [count > 0, `${name}: ${count}`] as const),
    [longest > deadlineMilliseconds + GRACE_MILLISECONDS, `a call took ${longest} ms`],
    [
      recoveryMilliseconds > mostOutageMilliseconds,
      `no success for ${Math.round(recoveryMilliseconds)} ms`,
    ],
    [failed / calls > mostRefused, `${failed} of ${calls} calls were refused`],
    [accepted === 0 || revoked === 0, 'nothing was accepted: nothing was tested'],
  ];
  return checks.flatMap(([isWrong, what]) => (isWrong ? [what] : []));
}

/** Runs a fault under load and judges what is left. The arena is whole again afterwards. */
export async function runFault<A extends Arena>(
  fault: Fault<A>,
  arena: A,
  options: LoadOptions,
): Promise<Outcome> {
  const load = await startLoad(arena.spec, options);
  let report: LoadReport;
  let ableAt = 0;
  const able = (): void => {
    ableAt = Date.now();
  };
  try {
    await load.progress(options.successes);
    await fault.inject({ arena, load, able });
    await arena.settled();
    await load.progress(options.successes);
  } finally {
    report = await load.stop();
  }
  const isHeld = await arena.held();
  const { store } = await openStore(arena.spec);
  try {
    await eventually('the store is open', () => store.health().then(() => true));
    const verdict = await judge({ ...report, ableAt }, store, isHeld);
    const { id, rows, title } = fault;
    const deadlineMilliseconds = deadlineOf(arena.spec);
    const problems = problemsOf(verdict, { ...fault, deadlineMilliseconds });
    return { id, rows, title, verdict, told: report.told, problems };
  } finally {
    await store.close();
  }
}
