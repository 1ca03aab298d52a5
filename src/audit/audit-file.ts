// One audit file, opened to append. Nothing is ever written over: the only other change is to cut what a failed write left.
import { createHash } from 'node:crypto';
import { constants, mkdir, open } from 'node:fs/promises';
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

export interface AuditFile {
  sizeBytes(): Promise<number>;
  /** Appends and returns when it is on the disk (fdatasync). */
  append(text: string): Promise<void>;
  read(position: number, lengthBytes: number): Promise<Buffer>;
  /** Cuts the file to `sizeBytes` and tells what went. */
  cut(sizeBytes: number): Promise<RemovedEnd>;
  close(): Promise<void>;
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

/** Opens or makes an audit file and its folder. */
export async function openAuditFile(path: string): Promise<AuditFile> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND;
  const handle = await open(path, flags, OWNER_ONLY);
  await syncDirectory(path);

  async function read(position: number, lengthBytes: number): Promise<Buffer> {
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

  const sizeBytes = async (): Promise<number> => (await handle.stat()).size;

  return {
    sizeBytes,
    read,
    async append(text) {
      await handle.appendFile(text);
      await handle.datasync();
    },
    async cut(keepBytes) {
      const digest = createHash('sha256');
      const size = await sizeBytes();
      for (let position = keepBytes; position < size; position += CHUNK_BYTES) {
        digest.update(await read(position, Math.min(CHUNK_BYTES, size - position)));
      }
      await handle.truncate(keepBytes);
      await handle.datasync();
      return { bytes: Math.max(size - keepBytes, 0), hash: digest.digest('base64url') };
    },
    close: () => handle.close(),
  };
}
