// `npm run test:faults`: every fault in its arena, a hundred rounds of kill -9, the tests that rows name; then the scoreboard
// goes into docs/reliability.md. A name as argument runs the faults that begin with it, and writes nothing; `--rounds` says
// how often each store's server is killed.
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startRedis } from '#test/support/redis/redis-server.ts';
import { FIT } from '../redis/redis-under-test.ts';
import { type Arena, clusterArena, sentinelArena, singleArena, sqliteArena } from './arenas.ts';
import { CLUSTER_FAULTS } from './cluster-faults.ts';
import { type Fault, type Outcome, runFault } from './fault.ts';
import { type Moment, startKillRig } from './kill/kill-rounds.ts';
import { STOP_POINTS, type StopPoint } from './kill/stop-points.ts';
import { FULL_LOAD } from './load/load.ts';
import { runNamedTests } from './scoreboard/named-tests.ts';
import { ROWS } from './scoreboard/rows.ts';
import { type Result, replaceScoreboard, writeScoreboard } from './scoreboard/scoreboard.ts';
import { SENTINEL_FAULTS } from './sentinel-faults.ts';
import { SINGLE_FAULTS } from './single-faults.ts';
import { SQLITE_FAULTS } from './sqlite-faults.ts';

/** Stop points within the embedded store mean nothing to another one. */
const OF_SQLITE = /^(mark|sweep)/;

/** A fault that hangs is one that failed. */
const MOST_OF_A_FAULT_MILLISECONDS = 180_000;
/** Then it ends with what it has seen, and what it has not is open. */
const MOST_MILLISECONDS = 29 * 60_000;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '100' } },
});
const [wanted = ''] = positionals;
const rounds = Number(values.rounds);

/** All results so far. */
const all: Result[] = [];

function tell(result: Result): void {
  all.push(result);
  console.log(`${result.isPass ? 'pass' : 'FAIL'}  ${result.name}  ${result.says}`);
}

function resultOf({ id, problems, verdict }: Outcome): Result {
  const { accepted, failed, longestCallMilliseconds, revoked } = verdict;
  const [outage, recovery] = [verdict.outageMilliseconds, verdict.recoveryMilliseconds].map(
    Math.round,
  );
  const figures = [
    `${accepted} accepted`,
    `${revoked} revoked`,
    `${failed} refused closed`,
    `longest call ${Math.round(longestCallMilliseconds)} ms`,
    `outage ${outage} ms`,
    ...(recovery === outage ? [] : [`${recovery} ms of it after the servers were back`]),
  ];
  return { name: id, isPass: problems.length === 0, says: [...problems, ...figures].join(', ') };
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error('it did not end')),
    MOST_OF_A_FAULT_MILLISECONDS,
  );
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs each fault in an arena of its own: one that failed must not spoil the next. */
async function runFaults<A extends Arena>(
  faults: readonly Fault<A>[],
  open: () => Promise<A>,
  suffix = '',
): Promise<void> {
  for (const fault of faults) {
    const id = `${fault.id}${suffix}`;
    if (!id.startsWith(wanted)) continue;
    let arena: A | undefined;
    try {
      arena = await inTime(open());
      tell(resultOf(await inTime(runFault({ ...fault, id }, arena, FULL_LOAD))));
    } catch (cause) {
      tell({ name: id, isPass: false, says: String(cause) });
    } finally {
      await arena?.dispose();
    }
  }
}

async function runAllFaults(): Promise<void> {
  await runFaults(SQLITE_FAULTS, sqliteArena);
  // The second driver has its name in the results.
  for (const [driver, suffix] of [
    ['node-redis', ''],
    ['ioredis', ' (ioredis)'],
  ] as const) {
    await runFaults(SINGLE_FAULTS, () => singleArena(driver), suffix);
    await runFaults(SENTINEL_FAULTS, () => sentinelArena(driver), suffix);
    await runFaults(CLUSTER_FAULTS, () => clusterArena(driver), suffix);
  }
}

/** Every stop point in turn, and in every other round a moment by chance. */
function momentOf(round: number, points: readonly StopPoint[]): Moment {
  const point = points[Math.floor(round / 2) % points.length];
  return round % 2 === 1 || point === undefined ? { afterMilliseconds: randomInt(20, 600) } : point;
}

async function runKills(
  name: string,
  points: readonly StopPoint[],
  store: (directory: string) => object,
): Promise<void> {
  if (!name.startsWith(wanted)) return;
  const rig = await startKillRig(store);
  const problems: string[] = [];
  for (let round = 0; round < rounds && problems.length === 0; round += 1) {
    const moment = momentOf(round, points);
    await inTime(rig.round(moment)).catch((cause: unknown) => {
      problems.push(`round ${round} (${JSON.stringify(moment)}): ${String(cause)}`);
    });
  }
  // After a round that failed there may be no server to ask.
  if (problems.length > 0) {
    await rig.dispose();
    tell({ name, isPass: false, says: problems.join(', ') });
    return;
  }
  const { accepted, dead, unanswered } = await rig.afterwards();
  await rig.dispose();
  const figures = `${rounds} rounds, ${accepted} accepted, ${unanswered} without an answer, ${dead} tokens dead`;
  tell({ name, isPass: true, says: figures });
}

const writeAll = async (): Promise<void> => {
  if (wanted === '') await replaceScoreboard(writeScoreboard(all));
};

setTimeout(() => {
  console.log(`FAIL  it takes longer than ${MOST_MILLISECONDS / 60_000} minutes`);
  void writeAll().finally(() => process.exit(1));
}, MOST_MILLISECONDS).unref();

const points = Object.keys(STOP_POINTS) as StopPoint[];
const redis = await startRedis(FIT);
await runAllFaults();
await runKills('kill/sqlite', points, (directory) => ({
  sqlite: { path: join(directory, 'data/viaduct.db') },
}));
await runKills(
  'kill/redis',
  points.filter((point) => !OF_SQLITE.test(point)),
  () => ({ redis: { mode: 'single', nodes: [`127.0.0.1:${redis.port}`] } }),
);
await redis.dispose();
if (wanted === '') for (const result of await runNamedTests(ROWS)) tell(result);
await writeAll();
// What a fault that hung has left behind must not keep this process.
process.exit(all.every(({ isPass }) => isPass) ? 0 : 1);
