// A connection that was handed to a worker and not taken by it.
import type { Worker } from 'node:cluster';

interface Handle {
  close(): void;
}

const isHandle = (value: unknown): value is Handle =>
  typeof value === 'object' && value !== null && 'close' in value;

/** Closes the connection that a worker had not taken yet when it ended, so that its client can try again. node:cluster keeps a
 * handle of it until the worker says that it has it, and forgets the handle of one that ended: the client would wait until it gives
 * up. There is one at most: the next is handed over once the last was taken, and a worker listens at one address. */
export function closeUntaken(worker: Worker): void {
  const child = worker.process;
  const send = child.send.bind(child) as (...words: readonly unknown[]) => boolean;
  let handed: Handle | undefined;
  child.send = (...words: readonly unknown[]) => {
    const [, handle] = words;
    if (isHandle(handle)) handed = handle;
    return send(...words);
  };
  // One that was taken is closed on this side already; to close it again does nothing.
  worker.on('exit', () => handed?.close());
}
