// What ends a command. The kernel has no action of its own for a signal to process 1, which is what a command is in a container:
// without one of ours it would go on until it is killed.
import { constants } from 'node:os';

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;
type StopSignal = (typeof STOP_SIGNALS)[number];

/** As a shell tells the end of any other process by that signal. */
const end = (signal: StopSignal): void => process.exit(128 + constants.signals[signal]);

/** Process 1 is ended by these signals as any other process is. */
export function endOnStopSignals(): void {
  if (process.pid !== 1) return;
  for (const signal of STOP_SIGNALS) process.on(signal, end);
}

/** From now on they call `stop` instead, each time. */
export function callOnStopSignals(stop: () => void): void {
  for (const signal of STOP_SIGNALS) {
    process.off(signal, end);
    process.on(signal, stop);
  }
}
