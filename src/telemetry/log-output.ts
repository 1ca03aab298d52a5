// A descriptor as the log writes to it, mostly the standard output. Never waited for: who reads slowly must not stop the event loop, who
// reads no more must not fill the memory, and a disk that is full must not end the process. What happened stands in the audit.
import { write } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

/** What may wait to be written. Lines beyond it are dropped until there is room. */
const MAX_WAITING_CHARACTERS = 16 * 1024 * 1024;

const RETRY_MILLISECONDS = 50;

const writeSome = promisify(write);

export interface LogOutput {
  write(line: string): void;
  /** Resolves when what was written so far is out, or dropped. */
  flush(): Promise<void>;
}

const isBusy = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && cause.code === 'EAGAIN';

/** Answers whether all of it is out. */
async function writeBytes(fd: number, bytes: Uint8Array): Promise<boolean> {
  let rest = bytes;
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

/** Makes the output; what is still under way keeps the process alive. */
export function createLogOutput(fd: number): LogOutput {
  let waiting: string[] = [];
  let waitingCharacters = 0;
  let writing: Promise<void> | undefined;
  let start = '';

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const bytes = Buffer.from(start + waiting.join(''));
      waiting = [];
      waitingCharacters = 0;
      // After a failure the next line must not stand behind half of another.
      start = (await writeBytes(fd, bytes)) ? '' : '\n';
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
    flush: async () => writing,
  };
}
