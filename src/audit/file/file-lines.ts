// The lines of a file as bytes, read as a stream. Only a newline ends a line: node:readline would also end one at U+2028,
// which a record may hold.
import { createReadStream } from 'node:fs';

const NEWLINE = 0x0a;

export interface FileLine {
  readonly bytes: Buffer;
  /** False for a last line without its newline. */
  readonly isTerminated: boolean;
}

/** Reads a file line by line, or only its first bytes; memory is bounded by its longest line. */
export async function* readFileLines(
  path: string,
  maxBytes = Number.POSITIVE_INFINITY,
): AsyncGenerator<FileLine> {
  let pending: Buffer[] = [];
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, end: maxBytes - 1 })) {
    if (!Buffer.isBuffer(chunk)) throw new Error('a stream without encoding yields buffers');
    let start = 0;
    for (;;) {
      const newline = chunk.indexOf(NEWLINE, start);
      if (newline < 0) break;
      yield {
        bytes: Buffer.concat([...pending, chunk.subarray(start, newline)]),
        isTerminated: true,
      };
      pending = [];
      start = newline + 1;
    }
    if (start < chunk.length) pending.push(chunk.subarray(start));
  }
  if (pending.length > 0) yield { bytes: Buffer.concat(pending), isTerminated: false };
}
