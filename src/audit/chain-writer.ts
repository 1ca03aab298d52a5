// Writes a chain into its file, and closes itself when a write fails until a probe has succeeded.
import { ExchangeFailure } from '#core/failure.ts';
import type { AuditFile, RemovedEnd } from './audit-file.ts';
import { type ChainRules, type ChainState, type Entry, extendChain } from './chain.ts';
import type { LineContent, LineHead } from './line.ts';

export interface ChainWriter {
  /** Writes durably, all or nothing.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  write(entries: readonly Entry[]): Promise<void>;
  /** Cuts what a failed write left and writes that it happened; open again when that is durable.
   * @throws {ExchangeFailure} `dependency-unavailable` */
  recover(time: string): Promise<void>;
  state(): ChainState;
  isOpen(): boolean;
}

interface ChainWriterParts {
  readonly file: AuditFile;
  readonly rules: ChainRules;
  readonly head: LineHead;
  /** The size of the file up to that head. */
  readonly goodBytes: number;
  readonly onWrite: (seconds: number) => void;
  readonly onFailure: () => void;
  readonly onCheckpoint: (line: string) => void;
}

interface RecoveryContent extends LineContent {
  readonly good: LineHead;
  readonly removed: RemovedEnd;
}

/** Tells of an end that was cut: the head that is left, and what stood behind it. */
export function recoveryContent(good: LineHead, removed: RemovedEnd): RecoveryContent {
  return { event: 'audit.recovered', good: { seq: good.seq, hash: good.hash }, removed };
}

/** A writer that goes on behind `head`. */
export function createChainWriter(parts: ChainWriterParts): ChainWriter {
  let state: ChainState = { head: parts.head, recordsSinceCheckpoint: 0 };
  let { goodBytes } = parts;
  let isOpen = true;

  async function append(entries: readonly Entry[]): Promise<void> {
    const started = performance.now();
    const next = extendChain(state, entries, parts.rules);
    await parts.file.append(next.text);
    goodBytes += Buffer.byteLength(next.text);
    state = next.state;
    parts.onWrite((performance.now() - started) / 1000);
    next.checkpoints.forEach(parts.onCheckpoint);
  }

  async function orClose(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      isOpen = false;
      parts.onFailure();
      throw new ExchangeFailure('dependency-unavailable', 'the audit cannot be written', { cause });
    }
  }

  let recovering: Promise<void> | undefined;
  const recover = (time: string): Promise<void> =>
    orClose(async () => {
      const removed = await parts.file.cut(goodBytes);
      const content = recoveryContent(state.head, removed);
      await append([{ kind: 'notice', time, content }]);
      isOpen = true;
    }).finally(() => {
      recovering = undefined;
    });

  return {
    state: () => state,
    isOpen: () => isOpen,
    async write(entries) {
      if (!isOpen) {
        throw new ExchangeFailure('dependency-unavailable', 'the audit is closed after a failure');
      }
      await orClose(() => append(entries));
    },
    recover(time) {
      recovering ??= recover(time);
      return recovering;
    },
  };
}
