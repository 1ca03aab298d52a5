// The lines of a file as bytes, read as a stream. Only a newline ends a line: node:readline would also end one at U+2028,
// which a record may hold.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

const NEWLINE = 0x0a;

export interface FileLine {
  readonly bytes: Buffer;
  /** False for a last line without its newline. */
  readonly isTerminated: boolean;
}

/** A stream of the bytes of a regular file. Anything else may never end, or never begin: a pipe waits for somebody to write. */
async function openBytes(path: string, maxBytes: number) {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if ((await handle.stat()).isFile())
    return handle.createReadStream({ highWaterMark: 1 << 20, end: maxBytes - 1 });
  await handle.close();
  throw new Error(`${path} is no regular file`);
}

/** Reads a file line by line, or only its first bytes; memory is bounded by its longest line.
 * @throws {Error} of the system, or for what is no regular file */
export async function* readFileLines(
  path: string,
  maxBytes = Number.POSITIVE_INFINITY,
): AsyncGenerator<FileLine> {
  let pending: Buffer[] = [];
  for await (const chunk of await openBytes(path, maxBytes)) {
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
