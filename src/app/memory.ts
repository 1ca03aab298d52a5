// What a busy time has filled is given back once it is over.
import { Script } from 'node:vm';

const REMIND_EVERY_MILLISECONDS = 5000;

interface MemoryReminder {
  stop(): void;
}

/** Lets V8 give memory back. Every eight seconds it asks whether little is being allocated; if so it collects step by step and
 * returns to the system what is free. Of a part of the heap in which nothing was ever allocated it does not know the rate, and then it
 * never does so. Node keeps its scripts in such a part: an empty script now and then makes the rate known. */
export function remindOfMemory(): MemoryReminder {
  const timer = setInterval(() => void new Script(''), REMIND_EVERY_MILLISECONDS).unref();
  return { stop: () => clearInterval(timer) };
}
