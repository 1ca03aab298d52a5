// The audit log: hash-chained JSON lines, durable before append returns. No record, no token.
import { randomBytes } from 'node:crypto';
import { join, parse } from 'node:path';
import { type AuditFile, openAuditFile, type RemovedEnd } from './audit-file.ts';
import { type ChainHead, createAuditKey } from './audit-key.ts';
import { type AuditSink, createSink, type OpenChain, type SinkSettings } from './audit-sink.ts';
import type { Entry } from './chain.ts';
import { createChainWriter, recoveryContent } from './chain-writer.ts';
import { type FileLock, lockFile } from './file-lock.ts';
import { readChainName, readTail } from './tail.ts';

export interface AuditLogSettings {
  /** The base path; one chain and one file for each process that writes. */
  readonly path: string;
  /** Goes into the file name of every process but the first: `audit.jsonl`, `audit.w1.jsonl`. */
  readonly suffix?: string;
  /** The secret of the keyed hashes and checkpoints, 32 bytes or more. */
  readonly key: Uint8Array;
  readonly waitMilliseconds?: number;
  readonly probeEveryMilliseconds?: number;
  readonly checkpointEveryRecords?: number;
  readonly checkpointEveryMilliseconds?: number;
  /** Epoch milliseconds. */
  readonly now?: () => number;
  /** Heads of the chains of other processes, for the checkpoints. */
  readonly otherHeads?: () => readonly ChainHead[];
  readonly openFile?: (path: string) => Promise<AuditFile>;
  readonly onWrite?: (seconds: number) => void;
  readonly onFailure?: () => void;
  /** Gets each checkpoint line once it is durable: keep it where the audit's own writer cannot reach it. */
  readonly onCheckpoint?: (line: string) => void;
}

/** The file a process writes. */
export function auditPath(basePath: string, suffix: string | undefined): string {
  if (suffix === undefined) return basePath;
  const { dir, name, ext } = parse(basePath);
  return join(dir, `${name}.${suffix}${ext}`);
}

interface Settings extends SinkSettings {
  readonly checkpointEveryRecords: number;
  readonly otherHeads: () => readonly ChainHead[];
  readonly onWrite: (seconds: number) => void;
  readonly onCheckpoint: (line: string) => void;
}

function withDefaults(settings: AuditLogSettings): Settings {
  const { now = Date.now } = settings;
  return {
    path: auditPath(settings.path, settings.suffix),
    key: createAuditKey(settings.key),
    waitMilliseconds: settings.waitMilliseconds ?? 500,
    probeEveryMilliseconds: settings.probeEveryMilliseconds ?? 1000,
    checkpointEveryRecords: settings.checkpointEveryRecords ?? 1000,
    checkpointEveryMilliseconds: settings.checkpointEveryMilliseconds ?? 60_000,
    otherHeads: settings.otherHeads ?? (() => []),
    onWrite: settings.onWrite ?? (() => undefined),
    onFailure: settings.onFailure ?? (() => undefined),
    onCheckpoint: settings.onCheckpoint ?? (() => undefined),
    timestamp: () => new Date(now()).toISOString(),
  };
}

/** Finds the end of the chain, cuts what was torn, and writes the first lines of this run: they probe the file. */
async function resume(file: AuditFile, settings: Settings): Promise<OpenChain> {
  const { head, goodBytes } = await readTail(file);
  const chain = head.seq === 0 ? randomBytes(16).toString('base64url') : await readChainName(file);
  const removed: RemovedEnd = await file.cut(goodBytes);
  const { key, checkpointEveryRecords, otherHeads } = settings;
  const rules = { chain, key, checkpointEveryRecords, otherHeads };
  const writer = createChainWriter({ ...settings, file, rules, head, goodBytes });
  const time = settings.timestamp();
  const started = { event: 'audit.started', chain };
  const first: Entry[] = [{ kind: 'notice', time, content: started }];
  if (removed.bytes > 0) {
    first.push({ kind: 'notice', time, content: recoveryContent(head, removed) });
  }
  await writer.write([...first, { kind: 'checkpoint', time }]);
  return { chain, writer };
}

/** Opens the audit of this process, alone.
 * @throws {ExchangeFailure} `dependency-unavailable` when it cannot be written
 * @throws {Error} when another process writes it, or its end was changed */
export async function openAuditLog(given: AuditLogSettings): Promise<AuditSink> {
  const settings = withDefaults(given);
  const file = await (given.openFile ?? openAuditFile)(settings.path);
  let lock: FileLock | undefined;
  const letGo = async (): Promise<void> => {
    await file.close();
    lock?.release();
  };
  try {
    lock = lockFile(settings.path);
    return createSink(await resume(file, settings), settings, letGo);
  } catch (cause) {
    await letGo();
    throw cause;
  }
}
