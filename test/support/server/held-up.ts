// A process that neither answers nor ends.
import type { TestContext } from 'node:test';

/** Whether there is a process of that id. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Stops a process, and ends it with the test: it would outlive whoever started it. */
export function holdUp(t: TestContext, pid: number): void {
  process.kill(pid, 'SIGSTOP');
  t.after(() => isAlive(pid) && process.kill(pid, 'SIGKILL'));
}
