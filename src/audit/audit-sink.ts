// The running audit of one process: takes records, commits them in groups, makes checkpoints, heals after a failure.
import { ExchangeFailure } from '#core/failure.ts';
import type { AuditLog } from '#core/ports.ts';
import type { AuditKey, ChainHead } from './audit-key.ts';
import type { Entry } from './chain/chain.ts';
import type { ChainWriter } from './chain/chain-writer.ts';
import { recordContent } from './chain/record-line.ts';
import { createGroupCommit } from './group-commit.ts';

export interface AuditSink extends AuditLog {
  readonly path: string;
  /** The last durable line. */
  head(): ChainHead;
  /** For readiness; tries to recover when a write had failed.
   * @throws {ExchangeFailure} `dependency-unavailable` while records cannot be written */
  probe(): Promise<void>;
  /** Writes what waits and a last checkpoint, then lets the file go. */
  close(): Promise<void>;
}

export interface SinkSettings {
  readonly path: string;
  readonly key: AuditKey;
  readonly waitMilliseconds: number;
  readonly probeEveryMilliseconds: number;
  readonly checkpointEveryMilliseconds: number;
  /** The time, as a line states it. */
  readonly timestamp: () => string;
  readonly onFailure: (cause: unknown) => void;
}

export interface OpenChain {
  readonly chain: string;
  readonly writer: ChainWriter;
}

/** Runs `work` again and again without keeping the process alive. Its failures are counted where they happen. */
function every(milliseconds: number, work: () => Promise<void>): NodeJS.Timeout {
  return setInterval(() => void work().catch(() => undefined), milliseconds).unref();
}

/** The sink over an opened chain; `letGo` frees its file. */
export function createSink(
  { chain, writer }: OpenChain,
  settings: SinkSettings,
  letGo: () => Promise<void>,
): AuditSink {
  const { timestamp } = settings;
  let closing: Promise<void> | undefined;
  const commit = createGroupCommit<Entry>({
    write: (entries) => writer.write(entries),
    waitMilliseconds: settings.waitMilliseconds,
    onStall: settings.onFailure,
  });

  async function checkpoint(): Promise<void> {
    if (!writer.isOpen() || writer.state().recordsSinceCheckpoint === 0) return;
    await commit.add({ kind: 'checkpoint', time: timestamp() });
  }
  async function probe(): Promise<void> {
    if (commit.isStalled() || closing) {
      throw new ExchangeFailure('dependency-unavailable', 'the audit does not answer');
    }
    if (!writer.isOpen()) await writer.recover(timestamp());
  }
  const timers = [
    every(settings.checkpointEveryMilliseconds, checkpoint),
    every(settings.probeEveryMilliseconds, probe),
  ];
  async function finish(): Promise<void> {
    for (const timer of timers) clearInterval(timer);
    await commit.settled();
    await checkpoint().catch(() => undefined);
    await commit.settled();
    await letGo();
  }

  return {
    path: settings.path,
    head: () => ({ chain, ...writer.state().head }),
    probe,
    async append(record) {
      if (closing) throw new ExchangeFailure('dependency-unavailable', 'the audit is closed');
      const content = recordContent(record, settings.key);
      await commit.add({ kind: 'record', time: timestamp(), content });
    },
    close() {
      closing ??= finish();
      return closing;
    },
  };
}
