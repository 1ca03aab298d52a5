// The places where the server keeps files of its own: those of the store and of the audit. Looked at without opening them, for a pipe or
// a device may hold up whoever opens it, and a path set by mistake must not cost a file of somebody else.
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, FileRefused } from './document/text-file.ts';

async function statsAt(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (cause) {
    // ENOTDIR: the folder it would lie in is looked at next, and is none.
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') return undefined;
    throw cause;
  }
}

/** Makes sure that at a path a regular file is, or none yet and room for one. Permissions are those of whoever serves: not looked at.
 * @throws {FileRefused} for anything else
 * @throws {Error} of the system, with its `code` */
export async function requireRegularOrNone(path: string): Promise<void> {
  const stats = await statsAt(path);
  if (stats && !stats.isFile()) throw new FileRefused('is no regular file');
  if (!stats) await requireFolderAbove(path);
}

async function requireFolderAbove(path: string): Promise<void> {
  const folder = dirname(path);
  const stats = await statsAt(folder);
  if (stats && !stats.isDirectory())
    throw new FileRefused(`leads through ${folder}, which is no folder`);
  if (!stats && folder !== path) await requireFolderAbove(folder);
}
