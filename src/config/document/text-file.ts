// Reads the files of a configuration. One that never ends, such as a pipe that nobody writes to, must not hold up a server that reloads.
import { Buffer } from 'node:buffer';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Lists of revocation are the longest of them: twice what is taken of one that is fetched. */
const MAX_BYTES = 16 * 1024 * 1024;

/** A file that is none to read; the message says why. */
export class FileRefused extends Error {}

/** The code of an error of the system, such as `ENOENT`; undefined for any other. */
export const codeOf = (cause: unknown): string | undefined =>
  cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;

/** The text of a regular file.
 * @throws {FileRefused} for anything else, and for one that is too large
 * @throws {Error} of the system, with its `code` */
export async function readTextFile(path: string): Promise<string> {
  // Without waiting: a pipe opens when somebody comes to write.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await handle.stat()).isFile()) throw new FileRefused('is no regular file');
    return await readBounded(handle);
  } finally {
    await handle.close();
  }
}

// By what is read, not by the size that is told: a file may grow, and those of the kernel tell none.
async function readBounded(handle: FileHandle): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of handle.createReadStream({ autoClose: false })) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_BYTES) throw new FileRefused(`has more than ${MAX_BYTES} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
}
