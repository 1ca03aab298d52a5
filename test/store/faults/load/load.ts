// The load of a run: processes with lanes, and all they told.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { StoreSpec } from '#test/store/faults/store-spec.ts';
import { eventually } from '#test/support/eventually.ts';
import type { Happening, Line } from './happenings.ts';

const PROCESS = fileURLToPath(new URL('load-process.ts', import.meta.url));

export interface LoadOptions {
  readonly processes: number;
  readonly lanesEach: number;
  readonly pauseMilliseconds: number;
  /** Successes of each process before a fault, and again after it. */
  readonly successes: number;
}

/** Two servers with 32 requests under way. */
export const FULL_LOAD: LoadOptions = {
  processes: 2,
  lanesEach: 16,
  pauseMilliseconds: 5,
  successes: 300,
};

export interface LoadReport {
  readonly happenings: readonly Happening[];
  /** What the stores told of themselves. */
  readonly told: readonly { readonly told: string; readonly at: number }[];
  readonly worstLoopDelayMilliseconds: number;
  readonly residentMegabytes: number;
}

export interface Load {
  /** What happened so far. */
  readonly happenings: readonly Happening[];
  /** The processes, for faults that hit them. */
  readonly children: readonly ChildProcess[];
  /** Returns when every process has had so many more successes. */
  progress(more: number): Promise<void>;
  /** Returns when every process has met a failure since. */
  trouble(): Promise<void>;
  stop(): Promise<LoadReport>;
}

interface Worker {
  readonly child: ChildProcess;
  readonly happenings: Happening[];
  readonly told: { readonly told: string; readonly at: number }[];
  isReady: boolean;
  worstLoopDelayMilliseconds: number;
  residentMegabytes: number;
  error: string;
}

function take(worker: Worker, line: Line): void {
  if ('ready' in line) worker.isReady = true;
  else if ('told' in line) worker.told.push(line);
  else if ('happenings' in line) worker.happenings.push(...line.happenings);
  else Object.assign(worker, line);
}

function startWorker(spec: StoreSpec, { lanesEach, pauseMilliseconds }: LoadOptions): Worker {
  const words = [PROCESS, JSON.stringify(spec), String(lanesEach), String(pauseMilliseconds)];
  const child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'pipe'] });
  const worker: Worker = {
    child,
    happenings: [],
    told: [],
    isReady: false,
    worstLoopDelayMilliseconds: 0,
    residentMegabytes: 0,
    error: '',
  };
  child.stderr.on('data', (chunk: Buffer) => (worker.error += chunk.toString()));
  createInterface({ input: child.stdout }).on('line', (line) => {
    take(worker, JSON.parse(line) as Line);
  });
  return worker;
}

const isRunning = ({ child }: Worker): boolean =>
  child.exitCode === null && child.signalCode === null;

const countOf = ({ happenings }: Worker, result: Happening['result']): number =>
  happenings.filter((happening) => happening.result === result).length;

/** Waits for each worker; one that ended is an error of ours and not of the store.
 * @throws {Error} with what it wrote */
function untilAll(
  workers: readonly Worker[],
  what: string,
  isTrue: (worker: Worker, index: number) => boolean,
): Promise<void> {
  return eventually(what, async () =>
    workers.every((worker, index) => !isRunning(worker) || isTrue(worker, index)),
  ).then(() => {
    const ended = workers.find((worker) => !isRunning(worker) && !worker.child.killed);
    if (ended) throw new Error(`a load process ended: ${ended.error}`);
  });
}

async function untilMore(
  workers: readonly Worker[],
  result: Happening['result'],
  more: number,
): Promise<void> {
  const before = workers.map((worker) => countOf(worker, result));
  await untilAll(
    workers,
    `each process has ${more} more that are ${result}`,
    (worker, index) => countOf(worker, result) >= (before[index] ?? 0) + more,
  );
}

async function endWorker(worker: Worker): Promise<void> {
  if (!isRunning(worker)) return;
  const ended = once(worker.child, 'close');
  worker.child.stdin?.end();
  await ended;
  if (worker.child.exitCode !== 0) throw new Error(`a load process failed: ${worker.error}`);
}

/** Starts the load, and returns when all of it runs. */
export async function startLoad(spec: StoreSpec, options: LoadOptions): Promise<Load> {
  const workers = Array.from({ length: options.processes }, () => startWorker(spec, options));
  await untilAll(workers, 'the load is ready', ({ isReady }) => isReady);
  return {
    get happenings() {
      return workers.flatMap(({ happenings }) => happenings);
    },
    children: workers.map(({ child }) => child),
    progress: (more) => untilMore(workers, 'ok', more),
    trouble: () => untilMore(workers, 'failed', 1),
    async stop() {
      await Promise.all(workers.map(endWorker));
      return {
        happenings: workers.flatMap(({ happenings }) => happenings),
        told: workers.flatMap(({ told }) => told),
        worstLoopDelayMilliseconds: Math.max(
          ...workers.map(({ worstLoopDelayMilliseconds }) => worstLoopDelayMilliseconds),
        ),
        residentMegabytes: Math.max(...workers.map(({ residentMegabytes }) => residentMegabytes)),
      };
    },
  };
}
