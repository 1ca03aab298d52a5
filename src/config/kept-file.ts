// The places where the server keeps files of its own: those of the store and of the audit. Looked at without opening them, for a pipe or
// a device may hold up whoever opens it, and a path set by mistake must not cost a file of somebody else.
import type { Stats } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
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

const OWNER_ONLY = 0o700;

/** Makes a folder and those above it, unless they are there. Step by step, and not with `recursive`: below a folder in which none can be
 * made, such as /proc, Node would try again for ever.
 * @throws {Error} of the system, with its `code` */
export async function makeFolders(path: string): Promise<void> {
  if ((await statsAt(path))?.isDirectory()) return;
  await makeFolder(path).catch(async (cause: unknown) => {
    if (codeOf(cause) !== 'ENOENT' || dirname(path) === path) throw cause;
    await makeFolders(dirname(path));
    await makeFolder(path);
  });
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: OWNER_ONLY });
  } catch (cause) {
    // Another process was faster, or it is none: then whoever writes into it is told.
    if (codeOf(cause) !== 'EEXIST') throw cause;
  }
}
