// One audit file, opened to append. Nothing is ever written over: the only other change is to cut what a failed write left.
import { createHash } from 'node:crypto';
import { constants, type FileHandle, lstat, open, rename, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

const CHUNK_BYTES = 65_536;
/** Only the owner reads it: it names who did what. */
const OWNER_ONLY = 0o600;

/** What was cut from the end of a file. */
export interface RemovedEnd {
  readonly bytes: number;
  /** SHA-256 over the removed bytes, base64url. */
  readonly hash: string;
}

/** A file as whoever only looks at it has it. */
export interface ReadableFile {
  sizeBytes(): Promise<number>;
  read(position: number, lengthBytes: number): Promise<Buffer>;
  close(): Promise<void>;
}

export interface AuditFile extends ReadableFile {
  /** What its disk has left for us, as far as the disk tells. */
  freeBytes(): Promise<number>;
  /** Appends and returns when it is on the disk (fdatasync). */
  append(text: string): Promise<void>;
  /** Gives what was written so far another name and goes on in an empty file.
   * @throws {Error} when that is not possible; then nothing has changed */
  rotate(closedPath: string): Promise<void>;
  /** Cuts the file to `sizeBytes` and tells what went. */
  cut(sizeBytes: number): Promise<RemovedEnd>;
}

/** Makes the entry of a new file durable: fdatasync of the file itself does not. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

// Without waiting, as a pipe might have it.
const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NONBLOCK;

const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

async function openRegular(path: string, flags: number): Promise<FileHandle> {
  const handle = await open(path, flags, OWNER_ONLY);
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new Error(`${path} is no regular file`);
}

/** The file as it is open now: another one after each rotation. */
interface Held {
  handle: FileHandle;
}

async function readAt({ handle }: Held, position: number, lengthBytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(lengthBytes);
  let filled = 0;
  while (filled < lengthBytes) {
    const { bytesRead } = await handle.read(
      buffer,
      filled,
      lengthBytes - filled,
      position + filled,
    );
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

async function freeBytesAt(directory: string): Promise<number> {
  const { bavail, blocks, bsize } = await statfs(directory);
  // Some file systems count no blocks: then a write alone shows whether there is room.
  return blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize;
}

/** Whether something has the name. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return false;
    throw cause;
  }
}

async function rotate(held: Held, path: string, closedPath: string): Promise<void> {
  // Not over a file that is there already: it may be the only one that holds those lines.
  if (await isThere(closedPath)) throw new Error(`${closedPath} is there already`);
  // One step, so that no crash leaves the file with both names: its lines would count twice, and it would never be closed again.
  await rename(path, closedPath);
  const written = held.handle;
  try {
    held.handle = await open(path, FLAGS, OWNER_ONLY);
    await syncDirectory(path);
  } catch (cause) {
    // The next file is begun as a whole or not at all: whoever goes on with the one before must have it, under its name.
    if (held.handle !== written) await held.handle.close();
    held.handle = written;
    await rename(closedPath, path);
    throw cause;
  }
  await written.close();
}

/** Opens an audit file that is there, and changes nothing of it.
 * @throws {Error} when that is not possible, or something else has the name */
export async function openToRead(path: string): Promise<ReadableFile> {
  const held: Held = { handle: await openRegular(path, READ_FLAGS) };
  return {
    sizeBytes: async () => (await held.handle.stat()).size,
    read: (position, lengthBytes) => readAt(held, position, lengthBytes),
    close: () => held.handle.close(),
  };
}

/** Opens or makes an audit file in a folder that is there.
 * @throws {Error} when that is not possible, or something else has the name */
export async function openAuditFile(path: string): Promise<AuditFile> {
  const held: Held = { handle: await openRegular(path, FLAGS) };
  await syncDirectory(path);
  const read = (position: number, lengthBytes: number) => readAt(held, position, lengthBytes);
  const sizeBytes = async (): Promise<number> => (await held.handle.stat()).size;

  return {
    sizeBytes,
    freeBytes: () => freeBytesAt(dirname(path)),
    read,
    rotate: (closedPath) => rotate(held, path, closedPath),
    async append(text) {
      await held.handle.appendFile(text);
      const [{ nlink }] = await Promise.all([held.handle.stat(), held.handle.datasync()]);
      // It ends with this process: nobody else could ever read it.
      if (nlink === 0)
        throw new Error('the file was deleted: start the server again, it begins another one');
    },
    async cut(keepBytes) {
      const digest = createHash('sha256');
      const size = await sizeBytes();
      // What may only be appended to (chattr +a) refuses it, also where nothing goes.
      if (size <= keepBytes) return { bytes: 0, hash: digest.digest('base64url') };
      for (let position = keepBytes; position < size; position += CHUNK_BYTES) {
        digest.update(await read(position, Math.min(CHUNK_BYTES, size - position)));
      }
      await held.handle.truncate(keepBytes);
      await held.handle.datasync();
      return { bytes: size - keepBytes, hash: digest.digest('base64url') };
    },
    close: () => held.handle.close(),
  };
}
