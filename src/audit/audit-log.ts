// The audit log: hash-chained JSON lines, durable before append returns. No record, no token.
import { randomBytes } from 'node:crypto';
import { type ChainHead, createAuditKey } from './audit-key.ts';
import { type AuditSink, createSink, type OpenChain, type SinkSettings } from './audit-sink.ts';
import type { Entry } from './chain/chain.ts';
import { continuationContent, recoveryContent } from './chain/chain-file.ts';
import { type ChainWriter, createChainWriter } from './chain/chain-writer.ts';
import { CHECKPOINT_EVERY_RECORDS } from './chain/checkpoint.ts';
import { type FileStart, readStart, readTail, type Tail } from './chain/tail.ts';
import {
  type AuditFile,
  isThere,
  openAuditFile,
  openToRead,
  type ReadableFile,
  type RemovedEnd,
} from './file/audit-file.ts';
import { auditPath, closedFiles } from './file/audit-files.ts';
import { type FileLock, lockFile } from './file/file-lock.ts';

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
  /** A file that has grown so large, or so old, is closed and the next one begun. */
  readonly maxFileBytes?: number;
  readonly maxFileAgeMilliseconds?: number;
  /** Epoch milliseconds. */
  readonly now?: () => number;
  /** Heads of the chains of other processes, for the checkpoints. */
  readonly otherHeads?: () => readonly ChainHead[];
  readonly openFile?: (path: string) => Promise<AuditFile>;
  readonly onWrite?: (seconds: number) => void;
  /** Told why a record was not written in time, or a file not closed. */
  readonly onFailure?: (cause: unknown) => void;
}

/** The settings, with what is not told filled in. */
type Settings = SinkSettings & Required<Omit<AuditLogSettings, 'key' | 'openFile' | 'suffix'>>;

const DEFAULTS = {
  waitMilliseconds: 500,
  probeEveryMilliseconds: 1000,
  checkpointEveryRecords: CHECKPOINT_EVERY_RECORDS,
  checkpointEveryMilliseconds: 60_000,
  maxFileBytes: Number.POSITIVE_INFINITY,
  maxFileAgeMilliseconds: Number.POSITIVE_INFINITY,
  now: Date.now,
  otherHeads: () => [],
  onWrite: () => undefined,
  onFailure: () => undefined,
} as const;

function withDefaults(given: AuditLogSettings): Settings {
  const settings = { ...DEFAULTS, ...given };
  return {
    ...settings,
    path: auditPath(given.path, given.suffix),
    key: createAuditKey(given.key),
    timestamp: () => new Date(settings.now()).toISOString(),
  };
}

/** Where a chain stands when its file is opened. */
interface Place extends FileStart, Tail {}

type Whereabouts = Pick<Settings, 'now' | 'path'>;

/** The place behind the last closed file, for one that was begun and holds no line yet; undefined: there is none. */
async function placeBehindClosed({ now, path }: Whereabouts): Promise<Place | undefined> {
  const last = (await closedFiles(path)).at(-1);
  if (last === undefined) return undefined;
  const closed = await openToRead(last);
  try {
    const { head } = await readTail(closed);
    const { chain } = await readStart(closed);
    return { chain, head, goodBytes: 0, firstSeq: head.seq + 1, startedAt: now() };
  } finally {
    await closed.close();
  }
}

async function findPlace(file: ReadableFile, settings: Whereabouts): Promise<Place> {
  const { head, goodBytes } = await readTail(file);
  if (head.seq > 0) return { ...(await readStart(file)), head, goodBytes };
  const chain = randomBytes(16).toString('base64url');
  const fresh = { chain, head, goodBytes, firstSeq: 1, startedAt: settings.now() };
  return (await placeBehindClosed(settings)) ?? fresh;
}

function createWriter(file: AuditFile, place: Place, settings: Settings): ChainWriter {
  const { checkpointEveryRecords, key, now, otherHeads, path } = settings;
  const { chain, firstSeq, goodBytes, head, startedAt } = place;
  const { maxFileBytes: maxBytes, maxFileAgeMilliseconds: maxAgeMilliseconds } = settings;
  return createChainWriter({
    ...settings,
    file,
    rules: { chain, key, checkpointEveryRecords, otherHeads },
    rotation: { path, maxBytes, maxAgeMilliseconds, now, firstSeq, startedAt },
    head,
    goodBytes,
  });
}

/** Finds the end of the chain, cuts what was torn, and writes the first lines of this run: they probe the file. */
async function resume(file: AuditFile, settings: Settings): Promise<OpenChain> {
  const place = await findPlace(file, settings);
  const { chain, goodBytes, head } = place;
  const removed: RemovedEnd = await file.cut(goodBytes);
  const writer = createWriter(file, place, settings);
  const time = settings.timestamp();
  const started = { event: 'audit.started', chain };
  const first: Entry[] = [{ kind: 'notice', time, content: started }];
  if (goodBytes === 0 && head.seq > 0)
    first.unshift({ kind: 'notice', time, content: continuationContent(chain, head) });
  if (removed.bytes > 0) {
    first.push({ kind: 'notice', time, content: recoveryContent(head, removed) });
  }
  await writer.write([...first, { kind: 'checkpoint', time }]);
  return { chain, writer };
}

/** Whether the chain of a process could be gone on with, from what is there; nothing is changed.
 * @throws {Error} as `openAuditLog` when its end was changed or cannot be read */
export async function requireResumable(basePath: string, suffix?: string): Promise<void> {
  const path = auditPath(basePath, suffix);
  const whereabouts = { path, now: Date.now };
  if (!(await isThere(path))) return void (await placeBehindClosed(whereabouts));
  const file = await openToRead(path);
  try {
    await findPlace(file, whereabouts);
  } finally {
    await file.close();
  }
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
