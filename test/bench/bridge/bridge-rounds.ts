// CPU of some work beside one RSA-2048 signature. Rounds alternate between the two and the median counts, so that other load
// on the machine weighs on both.
import { Buffer } from 'node:buffer';
import { generateKeyPairSync, sign } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';

/** What a piece of work took; medians over the rounds. */
export interface Beside {
  readonly cpuMicroseconds: number;
  readonly signatureMicroseconds: number;
  /** CPU in units of one signature. */
  readonly cpuRatio: number;
  /** Elapsed time in units of one signature, both on the clock. */
  readonly wallRatio: number;
}

/** One round of work: how much CPU and time one piece of it took. */
export interface Cost {
  readonly cpuMicroseconds: number;
  readonly wallMicroseconds: number;
}

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 11);
const SIGNATURES = 150;

export const median = (values: readonly number[]): number =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;

/** The cost of one piece of work in this process, over `count` of them. All threads of the process count. */
export async function costOf(work: () => unknown, count: number): Promise<Cost> {
  const started = performance.now();
  const before = process.cpuUsage();
  for (let done = 0; done < count; done += 1) await work();
  const { user, system } = process.cpuUsage(before);
  const wallMicroseconds = ((performance.now() - started) * 1000) / count;
  return { cpuMicroseconds: (user + system) / count, wallMicroseconds };
}

/** The cost of one piece of work where `inFlight` of them are always under way. */
export async function costInFlight(
  work: () => Promise<unknown>,
  count: number,
  inFlight: number,
): Promise<Cost> {
  let left = count;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await work();
    }
  };
  const all = await costOf(() => Promise.all(Array.from({ length: inFlight }, lane)), 1);
  return {
    cpuMicroseconds: all.cpuMicroseconds / count,
    wallMicroseconds: all.wallMicroseconds / count,
  };
}

/** Signatures of the kind that work is held against: one after another, or on the thread pool, so many in flight. */
function createSignatures(inFlight: number | undefined): (count: number) => Promise<Cost> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const bytes = Buffer.alloc(600, 'a');
  if (inFlight === undefined)
    return (count) => costOf(() => sign('sha256', bytes, privateKey), count);
  const signOnPool = promisify(sign);
  return (count) => costInFlight(() => signOnPool('sha256', bytes, privateKey), count, inFlight);
}

/** Compares rounds of work with as many of signatures. `round` must be warm. */
export async function besideSignature(
  round: () => Promise<Cost>,
  inFlight?: number,
): Promise<Beside> {
  const signatures = createSignatures(inFlight);
  await signatures(SIGNATURES);
  const rounds: { readonly work: Cost; readonly floor: Cost }[] = [];
  for (let done = 0; done < ROUNDS; done += 1) {
    const before = await signatures(SIGNATURES);
    const work = await round();
    const after = await signatures(SIGNATURES);
    rounds.push({ work, floor: meanOf(before, after) });
  }
  return {
    cpuMicroseconds: median(rounds.map(({ work }) => work.cpuMicroseconds)),
    signatureMicroseconds: median(rounds.map(({ floor }) => floor.cpuMicroseconds)),
    cpuRatio: median(rounds.map(({ work, floor }) => work.cpuMicroseconds / floor.cpuMicroseconds)),
    wallRatio: median(
      rounds.map(({ work, floor }) => work.wallMicroseconds / floor.wallMicroseconds),
    ),
  };
}

function meanOf(one: Cost, other: Cost): Cost {
  return {
    cpuMicroseconds: (one.cpuMicroseconds + other.cpuMicroseconds) / 2,
    wallMicroseconds: (one.wallMicroseconds + other.wallMicroseconds) / 2,
  };
}
