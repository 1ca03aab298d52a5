// Bounds how much of a kind of work goes on at one time. Sources take turns: a flood from one delays no other by more than what is
// under way.
import { sourceBlock } from './source-block.ts';

/** Runs the work when a slot is free, and the source has its turn. */
export type InSlot = <T>(sourceAddress: string | undefined, work: () => Promise<T>) => Promise<T>;

/** Those who wait: the sources in turn, each of them in the order it came. */
export function createFairLine() {
  const lines = new Map<string, (() => void)[]>();
  return {
    join(sourceAddress: string | undefined, go: () => void): void {
      const source = sourceBlock(sourceAddress ?? '');
      const line = lines.get(source);
      if (line) line.push(go);
      else lines.set(source, [go]);
    },
    next(): (() => void) | undefined {
      const [first] = lines;
      if (!first) return undefined;
      const [source, line] = first;
      const go = line.shift();
      lines.delete(source);
      if (line.length > 0) lines.set(source, line);
      return go;
    },
  };
}

/** Creates so many slots. How many wait for one is for the caller to bound. */
export function createSourceSlots(slots: number): InSlot {
  const waiting = createFairLine();
  let free = slots;
  return async (sourceAddress, work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.join(sourceAddress, resolve));
    try {
      return await work();
    } finally {
      const next = waiting.next();
      if (next) next();
      else free += 1;
    }
  };
}
