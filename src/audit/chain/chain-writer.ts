// Writes a chain into its file, and closes itself when a write fails until a probe has succeeded.
import { ExchangeFailure } from '#core/failure.ts';
import type { ChainState, Entry } from './chain.ts';
import { ChainFile, type ChainFileParts } from './chain-file.ts';

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

/** A writer that goes on behind `head`. */
export function createChainWriter(parts: ChainFileParts): ChainWriter {
  const chain = new ChainFile(parts);
  let isOpen = true;

  async function orClose(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      isOpen = false;
      parts.onFailure(cause);
      throw new ExchangeFailure('dependency-unavailable', 'the audit cannot be written', { cause });
    }
  }

  let recovering: Promise<void> | undefined;
  const recover = (time: string): Promise<void> =>
    orClose(async () => {
      await chain.recover(time);
      isOpen = true;
    }).finally(() => {
      recovering = undefined;
    });

  return {
    state: () => chain.state,
    isOpen: () => isOpen,
    async write(entries) {
      if (!isOpen) {
        throw new ExchangeFailure('dependency-unavailable', 'the audit is closed after a failure');
      }
      await orClose(async () => {
        await chain.rotateWhenDue(entries[0]?.time ?? '');
        await chain.append(entries);
      });
    },
    recover(time) {
      recovering ??= recover(time);
      return recovering;
    },
  };
}
