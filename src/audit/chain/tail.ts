// Where a chain stands when its file is opened again: only the end is read, whatever the size of the file.
import type { ReadableFile } from '../file/audit-file.ts';
import {
  type AuditLine,
  decodeLine,
  FIRST_LINE_START,
  type LineHead,
  NO_LINE,
  parseLine,
} from './line.ts';

const WINDOW_BYTES = 65_536;
const NEWLINE = 0x0a;
const NUL = 0x00;

export interface Tail {
  readonly head: LineHead;
  /** The size of the file up to the last good line. What follows was torn in writing. */
  readonly goodBytes: number;
}

interface Scan {
  readonly last: AuditLine | undefined;
  /** Offset in the window behind the last good line. */
  readonly end: number;
}

/** Follows the chain through a window of the file to the first line that is not good. */
function scan(window: Buffer, start: number): Scan {
  let last: AuditLine | undefined;
  let end = start;
  for (;;) {
    const newline = window.indexOf(NEWLINE, end);
    if (newline < 0) return { last, end };
    const line = parseLine(decodeLine(window.subarray(end, newline)) ?? '');
    if (!line?.isIntact || (last && (line.prev !== last.hash || line.seq !== last.seq + 1))) {
      return { last, end };
    }
    last = line;
    end = newline + 1;
  }
}

/** A crash leaves a line without its end, or zeros where data did not reach the disk. Nothing else is cut: a whole line that
 * does not fit was changed, and cutting it would destroy the evidence. */
function isTorn(rest: Buffer): boolean {
  return !rest.includes(NEWLINE) || rest.includes(NUL);
}

/** Whether a file without one good line can be our own first write, torn. A path set by mistake must not cost a file. */
function isTornFirstWrite(content: Buffer): boolean {
  const start = content.toString('latin1', 0, FIRST_LINE_START.length);
  return FIRST_LINE_START.startsWith(start) || content.every((byte) => byte === NUL);
}

const CHANGED_END = 'the end of the audit file was changed: run audit verify, then move it away';
const NO_AUDIT =
  'it does not begin as an audit: it is another file, or was changed; move it away, or name another one';

/** What stands behind the last good line, or in the place of the first, must have been left by a write of ours.
 * @throws {Error} */
function requireTorn(rest: Buffer, hasGoodLines: boolean): void {
  if (!hasGoodLines && !(isTorn(rest) && isTornFirstWrite(rest))) throw new Error(NO_AUDIT);
  if (!isTorn(rest)) throw new Error(CHANGED_END);
}

/** Reads the end of an audit file.
 * @throws {Error} when its last lines were changed, or it is not an audit file */
export async function readTail(file: ReadableFile): Promise<Tail> {
  const size = await file.sizeBytes();
  for (let length = Math.min(WINDOW_BYTES, size); ; length = Math.min(length * 2, size)) {
    const window = await file.read(size - length, length);
    const isWhole = length === size;
    const { last, end } = scan(window, isWhole ? 0 : window.indexOf(NEWLINE) + 1);
    if (!last && !isWhole) continue;
    const rest = window.subarray(end);
    if (rest.length > 0) requireTorn(rest, last !== undefined);
    return { head: last ?? NO_LINE, goodBytes: size - rest.length };
  }
}

export interface FileStart {
  readonly chain: string;
  /** The number of its first line. */
  readonly firstSeq: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
}

/** What the first line of a file says.
 * @throws {Error} when the first line was changed */
export async function readStart(file: Pick<ReadableFile, 'read'>): Promise<FileStart> {
  const start = await file.read(0, WINDOW_BYTES);
  const line = parseLine(decodeLine(start.subarray(0, start.indexOf(NEWLINE))) ?? '');
  const [chain, time] = ['chain', 'time'].map((name) => line?.members.get(name));
  if (!line?.isIntact || typeof chain !== 'string' || typeof time !== 'string') {
    throw new Error('the first line of the audit file was changed: move it away');
  }
  return { chain, firstSeq: line.seq, startedAt: Date.parse(time) };
}
