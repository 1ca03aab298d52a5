// Group commit: what arrives while a write is under way goes out together in the next one, so that a sync is shared.
import { setTimeout as wait } from 'node:timers/promises';
import { ExchangeFailure } from '#core/failure.ts';

/** After a write that several shared, for as many to come together again. One that comes alone never waits. */
const PAUSE_MILLISECONDS = 2;

interface Waiting<Item> {
  readonly item: Item;
  readonly settle: (failure?: unknown) => void;
}

interface GroupCommit<Item> {
  /** Resolves when the item is durable.
   * @throws {ExchangeFailure} `dependency-unavailable` when that takes too long: it may still be written later */
  add(item: Item): Promise<void>;
  /** Whether a write takes longer than callers wait. */
  isStalled(): boolean;
  /** Resolves when all that was added is written or refused. */
  settled(): Promise<void>;
}

interface GroupCommitSettings<Item> {
  readonly write: (items: readonly Item[]) => Promise<void>;
  readonly waitMilliseconds: number;
  readonly onStall: (cause: unknown) => void;
}

const tooSlow = (): ExchangeFailure =>
  new ExchangeFailure('dependency-unavailable', 'the audit takes too long to write');

/** Builds a group commit over `write`, which is never called twice at once. */
export function createGroupCommit<Item>(settings: GroupCommitSettings<Item>): GroupCommit<Item> {
  const queue: Waiting<Item>[] = [];
  let running: Promise<void> | undefined;
  let stalled = false;

  async function writeAll(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.splice(0);
      try {
        await settings.write(batch.map(({ item }) => item));
        for (const { settle } of batch) settle();
      } catch (cause) {
        for (const { settle } of batch) settle(cause);
      }
      stalled = false;
      if (batch.length > 1) await wait(PAUSE_MILLISECONDS);
    }
    running = undefined;
  }

  function stall(cause: unknown): void {
    if (!stalled) settings.onStall(cause);
    stalled = true;
  }

  return {
    add(item) {
      // While a write hangs, refuse at once: a queue behind a dead disk would grow without end.
      if (stalled) return Promise.reject(tooSlow());
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          const cause = tooSlow();
          stall(cause);
          reject(cause);
        }, settings.waitMilliseconds);
        const settle = (failure?: unknown): void => {
          clearTimeout(timer);
          if (failure === undefined) resolve();
          else reject(failure);
        };
        queue.push({ item, settle });
        running ??= writeAll();
      });
    },
    isStalled: () => stalled,
    settled: async () => running,
  };
}
