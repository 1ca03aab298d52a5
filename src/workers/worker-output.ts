// Where a worker writes. What a child gets as one of its first three descriptors is made to block when it is started, and again when it
// ends, and with it the same one of everybody else: whoever writes there then hangs while nobody reads. So none of ours is among them.
import type { Worker } from 'node:cluster';

/** The standard output of the process that starts it, as a worker knows it. */
export const WORKER_LOG_FD = 4;

export const WORKER_STDIO = ['ignore', 'ignore', 'pipe', 'ipc', 1];

/** Says what a worker says on its error output: its last words, mostly. */
export function relayErrors(worker: Worker): void {
  worker.process.stderr?.on('data', (chunk: Buffer) => void process.stderr.write(chunk));
}
