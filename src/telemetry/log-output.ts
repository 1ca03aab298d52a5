// Writes the log to a descriptor, mostly the standard output, and never waits: a slow reader must not stop the event loop, one that
// stopped reading must not fill the memory, and a full disk must not end the process. What happened stands in the audit.
import { write } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

/** What may wait to be written. Lines beyond it are dropped until there is room. */
const MAX_WAITING_CHARACTERS = 16 * 1024 * 1024;

/** What a pipe takes as a whole or not at all (POSIX.1 `PIPE_BUF`, of Linux): of more it may take a part, and the line of another worker
 * would stand in the middle of one of ours. */
const MAX_PIECE_BYTES = 4096;

const RETRY_MILLISECONDS = 50;

const writeSome = promisify(write);

export interface LogOutput {
  write(line: string): void;
}

const isBusy = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && cause.code === 'EAGAIN';

/** Whole lines, as many as are one piece; a longer line is one by itself. */
function* piecesOf(lines: readonly string[]): Generator<string> {
  let piece = '';
  let bytes = 0;
  for (const line of lines) {
    const length = Buffer.byteLength(line);
    if (piece !== '' && bytes + length > MAX_PIECE_BYTES) {
      yield piece;
      piece = '';
      bytes = 0;
    }
    piece += line;
    bytes += length;
  }
  yield piece;
}

/** Makes the output; what is still under way keeps the process alive. A write to what blocks would keep it for good: a pipe must not. */
export function createLogOutput(fd: number): LogOutput {
  let waiting: string[] = [];
  let waitingCharacters = 0;
  let writing: Promise<void> | undefined;
  let start = '';

  /** Answers whether all of it is out. */
  async function writePiece(piece: string): Promise<boolean> {
    let rest: Uint8Array = Buffer.from(piece);
    while (rest.length > 0) {
      try {
        const { bytesWritten } = await writeSome(fd, rest);
        rest = rest.subarray(bytesWritten);
      } catch (cause) {
        if (!isBusy(cause)) return false;
        await wait(RETRY_MILLISECONDS);
      }
    }
    return true;
  }

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const lines = waiting;
      waiting = [];
      waitingCharacters = 0;
      // After a failure the next line must not stand behind half of another.
      for (const piece of piecesOf(lines)) start = (await writePiece(start + piece)) ? '' : '\n';
    }
    writing = undefined;
  }

  return {
    write(line) {
      if (waitingCharacters + line.length > MAX_WAITING_CHARACTERS) return;
      waiting.push(line);
      waitingCharacters += line.length;
      writing ??= writeAll();
    },
  };
}
