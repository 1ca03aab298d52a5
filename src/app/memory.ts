// What a busy time has filled is given back once it is over.
import { Script } from 'node:vm';

const REMIND_EVERY_MILLISECONDS = 5000;

export interface MemoryReminder {
  stop(): void;
}

/** Keeps V8's own reducer of memory at work. Every eight seconds it asks whether little is allocated, and then collects step by
 * step and returns what is free to the system. A part of the heap in which nothing was ever allocated counts as one whose rate
 * is unknown, and the answer is no for good. Node keeps its scripts in such a part: an empty one now and then makes it known. */
export function remindOfMemory(): MemoryReminder {
  const timer = setInterval(() => void new Script(''), REMIND_EVERY_MILLISECONDS).unref();
  return { stop: () => clearInterval(timer) };
}
