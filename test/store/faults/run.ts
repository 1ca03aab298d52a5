// `npm run test:faults`: every fault in its arena, a hundred rounds of kill -9, the tests that rows name; then the scoreboard
// goes into docs/reliability.md. A name as argument runs the faults that begin with it, and writes nothing; `--rounds` says
// how often each store's server is killed.
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startRedis } from '#test/support/redis/redis-server.ts';
import { FIT } from '../redis/redis-under-test.ts';
import {
  type Arena,
  clusterArena,
  type Driver,
  sentinelArena,
  singleArena,
  sqliteArena,
} from './arenas.ts';
import { CLUSTER_FAULTS } from './cluster-faults.ts';
import { type Fault, type Outcome, runFault } from './fault.ts';
import { type Moment, startKillRig } from './kill/kill-rounds.ts';
import { STOP_POINTS, type StopPoint } from './kill/stop-points.ts';
import { FULL_LOAD } from './load.ts';
import { runNamedTests } from './named-tests.ts';
import { ROWS } from './rows.ts';
import { type Result, replaceScoreboard, writeScoreboard } from './scoreboard.ts';
import { SENTINEL_FAULTS } from './sentinel-faults.ts';
import { SINGLE_FAULTS } from './single-faults.ts';
import { SQLITE_FAULTS } from './sqlite-faults.ts';

/** Stop points within the embedded store mean nothing to another one. */
const OF_SQLITE = /^(mark|sweep)/;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '100' } },
});
const [wanted = ''] = positionals;
const rounds = Number(values.rounds);

function tell(result: Result): Result {
  console.log(`${result.isPass ? 'pass' : 'FAIL'}  ${result.name}  ${result.says}`);
  return result;
}

function resultOf({ id, problems, verdict }: Outcome): Result {
  const { accepted, failed, longestCallMilliseconds, outageMilliseconds, revoked } = verdict;
  const figures = [
    `${accepted} accepted`,
    `${revoked} revoked`,
    `${failed} refused closed`,
    `longest call ${Math.round(longestCallMilliseconds)} ms`,
    `outage ${Math.round(outageMilliseconds)} ms`,
  ];
  return { name: id, isPass: problems.length === 0, says: [...problems, ...figures].join(', ') };
}

/** Runs each fault in an arena of its own: one that failed must not spoil the next. */
async function runFaults<A extends Arena>(
  faults: readonly Fault<A>[],
  open: () => Promise<A>,
  suffix = '',
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const fault of faults) {
    const id = `${fault.id}${suffix}`;
    if (!id.startsWith(wanted)) continue;
    const arena = await open();
    try {
      results.push(tell(resultOf(await runFault({ ...fault, id }, arena, FULL_LOAD))));
    } catch (cause) {
      results.push(tell({ name: id, isPass: false, says: String(cause) }));
    } finally {
      await arena.dispose();
    }
  }
  return results;
}

/** Runs with each driver in turn; the second has its name in the results. */
async function runDrivers(
  runsOf: (driver: Driver, suffix: string) => readonly (() => Promise<readonly Result[]>)[],
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const [driver, suffix] of [
    ['node-redis', ''],
    ['ioredis', ' (ioredis)'],
  ] as const)
    for (const run of runsOf(driver, suffix)) results.push(...(await run()));
  return results;
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
): Promise<readonly Result[]> {
  if (!name.startsWith(wanted)) return [];
  const rig = await startKillRig(store);
  const problems: string[] = [];
  for (let round = 0; round < rounds && problems.length === 0; round += 1) {
    const moment = momentOf(round, points);
    await rig.round(moment).catch((cause: unknown) => {
      problems.push(`round ${round} (${JSON.stringify(moment)}): ${String(cause)}`);
    });
  }
  // After a round that failed there may be no server to ask.
  if (problems.length > 0) {
    await rig.dispose();
    return [tell({ name, isPass: false, says: problems.join(', ') })];
  }
  const { accepted, dead, unanswered } = await rig.afterwards();
  await rig.dispose();
  const figures = `${rounds} rounds, ${accepted} accepted, ${unanswered} without an answer, ${dead} tokens dead`;
  return [tell({ name, isPass: true, says: figures })];
}

const points = Object.keys(STOP_POINTS) as StopPoint[];
const redis = await startRedis(FIT);
const results = [
  ...(await runFaults(SQLITE_FAULTS, sqliteArena)),
  ...(await runDrivers((driver, suffix) => [
    () => runFaults(SINGLE_FAULTS, () => singleArena(driver), suffix),
    () => runFaults(SENTINEL_FAULTS, () => sentinelArena(driver), suffix),
    () => runFaults(CLUSTER_FAULTS, () => clusterArena(driver), suffix),
  ])),
  ...(await runKills('kill/sqlite', points, (directory) => ({
    sqlite: { path: join(directory, 'data/viaduct.db') },
  }))),
  ...(await runKills(
    'kill/redis',
    points.filter((point) => !OF_SQLITE.test(point)),
    () => ({ redis: { mode: 'single', nodes: [`127.0.0.1:${redis.port}`] } }),
  )),
];
await redis.dispose();
if (wanted === '') {
  const named = (await runNamedTests(ROWS)).map(tell);
  await replaceScoreboard(writeScoreboard([...results, ...named]));
}
process.exitCode = results.every(({ isPass }) => isPass) ? 0 : 1;
