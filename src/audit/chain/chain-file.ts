// The chain and the file it is written to now: appended to, closed for the next one, cut where a write failed.
import type { AuditFile, RemovedEnd } from '../file/audit-file.ts';
import { closedPath } from '../file/audit-files.ts';
import { type ChainRules, type ChainState, type Entry, extendChain } from './chain.ts';
import { CONTINUED_EVENT, type LineContent, type LineHead } from './line.ts';

export interface ChainFileParts {
  readonly file: AuditFile;
  readonly rules: ChainRules;
  readonly head: LineHead;
  /** The size of the file up to that head. */
  readonly goodBytes: number;
  readonly rotation: Rotation;
  readonly onWrite: (seconds: number) => void;
  readonly onFailure: (cause: unknown) => void;
}

/** When a file is closed and the next one begun; the chain goes on. */
interface Rotation {
  readonly path: string;
  readonly maxBytes: number;
  readonly maxAgeMilliseconds: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Of the file as it was opened. */
  readonly firstSeq: number;
  readonly startedAt: number;
}

/** Between two attempts to close a file that cannot be closed. */
const RETRY_ROTATION_MILLISECONDS = 60_000;

/** For about a thousand records. */
const ROOM_BYTES = 1_048_576;

interface RecoveryContent extends LineContent {
  readonly good: LineHead;
  readonly removed: RemovedEnd;
}

/** Tells of an end that was cut: the head that is left, and what stood behind it. */
export function recoveryContent(good: LineHead, removed: RemovedEnd): RecoveryContent {
  return { event: 'audit.recovered', good: { seq: good.seq, hash: good.hash }, removed };
}

/** The first line of a file that is not the first of its chain. */
export const continuationContent = (chain: string, previous: LineHead) => ({
  event: CONTINUED_EVENT,
  chain,
  previous: { seq: previous.seq, hash: previous.hash },
});

/** The end of a chain in its file. The caller waits for each call before it makes the next. */
export class ChainFile {
  readonly #parts: ChainFileParts;
  #state: ChainState;
  #goodBytes: number;
  #firstSeq: number;
  #startedAt: number;
  #notBefore = 0;
  /** By a recovery that is not on record yet. */
  #removed: RemovedEnd | undefined;

  constructor(parts: ChainFileParts) {
    this.#parts = parts;
    this.#state = { head: parts.head, recordsSinceCheckpoint: 0 };
    this.#goodBytes = parts.goodBytes;
    this.#firstSeq = parts.rotation.firstSeq;
    this.#startedAt = parts.rotation.startedAt;
  }

  get state(): ChainState {
    return this.#state;
  }

  async append(entries: readonly Entry[]): Promise<void> {
    const started = performance.now();
    const next = extendChain(this.#state, entries, this.#parts.rules);
    await this.#parts.file.append(next.text);
    this.#goodBytes += Buffer.byteLength(next.text);
    this.#state = next.state;
    this.#parts.onWrite((performance.now() - started) / 1000);
  }

  /** Closes the file and begins the next one when it is time: the old one ends with a checkpoint, the new one says what it goes
   * on from, under a checkpoint: read without the old one, nothing in it would be vouched for before. */
  async rotateWhenDue(time: string): Promise<void> {
    if (!this.#isDue()) return;
    await this.append([{ kind: 'checkpoint', time }]);
    if (!(await this.#begin())) return;
    this.#goodBytes = 0;
    this.#firstSeq = this.#state.head.seq + 1;
    this.#startedAt = this.#parts.rotation.now();
    await this.append([this.#continuation(time), { kind: 'checkpoint', time }]);
  }

  /** Cuts what a failed write left and writes that it happened, once there is room for more than that: in the last block of a full disk
   * there may be room for this one line and for no record, and readiness would come and go. */
  async recover(time: string): Promise<void> {
    const { file } = this.#parts;
    if ((await file.freeBytes()) < ROOM_BYTES) throw new Error('the disk of the audit is full');
    const { head } = this.#state;
    const cut = await file.cut(this.#goodBytes);
    // What was cut since was only a notice of it, which failed as well.
    this.#removed ??= cut;
    const notice: Entry = { kind: 'notice', time, content: recoveryContent(head, this.#removed) };
    // A file that was just begun has lost its first lines with what was cut.
    const isEmpty = this.#goodBytes === 0 && head.seq > 0;
    await this.append(
      isEmpty ? [this.#continuation(time), notice, { kind: 'checkpoint', time }] : [notice],
    );
    this.#removed = undefined;
  }

  #isDue(): boolean {
    const { maxAgeMilliseconds, maxBytes, now } = this.#parts.rotation;
    const isOver = this.#goodBytes >= maxBytes || now() - this.#startedAt >= maxAgeMilliseconds;
    return isOver && now() >= this.#notBefore;
  }

  async #begin(): Promise<boolean> {
    const { now, path } = this.#parts.rotation;
    try {
      await this.#parts.file.rotate(closedPath(path, this.#firstSeq));
      return true;
    } catch (cause) {
      // A file that is too long is better than no audit: it is gone on with, and tried again later.
      this.#parts.onFailure(cause);
      this.#notBefore = now() + RETRY_ROTATION_MILLISECONDS;
      return false;
    }
  }

  #continuation(time: string): Entry {
    const content = continuationContent(this.#parts.rules.chain, this.#state.head);
    return { kind: 'notice', time, content };
  }
}
