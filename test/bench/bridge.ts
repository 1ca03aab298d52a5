// `node test/bench/bridge.ts`: what the bridge costs beside one RSA-2048 signature, in one run on one machine. It asserts
// nothing.
import { type HostileCost, measureHostile } from './bridge/bridge-hostile.ts';
import { measureServer } from './bridge/bridge-server.ts';
import { type MeasuredWork, measureWorks } from './bridge/bridge-works.ts';

/** One line of the table. */
export interface BridgeRow {
  readonly work: string;
  readonly figure: string;
  readonly target: string;
  readonly isMet: boolean;
  readonly 'CPU µs': number;
  readonly 'signature µs': number;
  readonly '× signature': number;
  /** On the clock, for work in this process. */
  readonly 'elapsed ×': number | '';
}

const HOSTILE_MILLISECONDS = 10;
const round = (value: number): number => Number(value.toFixed(2));

function rowOf({ work, target, measure, beside }: MeasuredWork, isInProcess: boolean): BridgeRow {
  const { cpuMicroseconds, signatureMicroseconds, cpuRatio, wallRatio } = beside;
  const isRate = measure === 'rate';
  const figure = isRate ? 1 / cpuRatio : cpuRatio;
  return {
    work,
    figure: isRate ? `${round(figure)} of the rate` : `${round(figure)} signatures`,
    target: isRate ? `≥ ${target} of the rate` : `≤ ${target} signatures`,
    isMet: isRate ? figure >= target : figure <= target,
    'CPU µs': Math.round(cpuMicroseconds),
    'signature µs': Math.round(signatureMicroseconds),
    '× signature': round(cpuRatio),
    'elapsed ×': isInProcess ? round(wallRatio) : '',
  };
}

/** Measures everything, the slowest hostile message first. */
export async function benchBridge(): Promise<{
  readonly rows: readonly BridgeRow[];
  readonly hostile: readonly HostileCost[];
}> {
  const works = (await measureWorks()).map((work) => rowOf(work, true));
  const requests = (await measureServer()).map((work) => rowOf(work, false));
  return { rows: [...works, ...requests], hostile: await measureHostile() };
}

function print({ rows, hostile }: Awaited<ReturnType<typeof benchBridge>>): void {
  console.table(rows);
  console.table(
    hostile.slice(0, 8).map(({ message, kilobytes, milliseconds }) => ({
      message,
      KB: kilobytes,
      ms: round(milliseconds),
      target: `≤ ${HOSTILE_MILLISECONDS} ms`,
    })),
  );
  console.log(`${hostile.length} hostile messages, the slowest shown; Node ${process.version}`);
}

if (import.meta.main) print(await benchBridge());
