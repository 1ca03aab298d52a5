// Where a worker writes. Node makes the first three descriptors of a child block when it starts and when it ends, for all processes
// that share them: whoever writes there hangs while nobody reads. So a worker writes to none of those.
import type { Worker } from 'node:cluster';

/** The standard output of the process that starts it, as a worker knows it. */
export const WORKER_LOG_FD = 4;

export const WORKER_STDIO = ['ignore', 'ignore', 'pipe', 'ipc', 1];

/** Says what a worker says on its error output: its last words, mostly. */
export function relayErrors(worker: Worker): void {
  worker.process.stderr?.on('data', (chunk: Buffer) => void process.stderr.write(chunk));
}
