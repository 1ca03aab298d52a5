// Files that a command makes: there whole and for whom they are meant, or not at all.
import { constants, type Stats } from 'node:fs';
import {
  type FileHandle,
  mkdir,
  open,
  readFile,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
} from 'node:fs/promises';
import { codeOf } from '#src/config/document/text-file.ts';

/** Takes back what was made; absent: there is nothing to take back. */
type Undo = (() => Promise<void>) | undefined;

/** Takes one step after the other; where one fails, those before it are taken back.
 * @throws {Error} of the system */
export async function takeAll(steps: readonly (() => Promise<Undo>)[]): Promise<void> {
  const taken: Undo[] = [];
  try {
    for (const step of steps) taken.unshift(await step());
  } catch (cause) {
    for (const undo of taken) await undo?.();
    throw cause;
  }
}

/** Whose a file is, and what others may do with it. */
type Rights = Readonly<Pick<Stats, 'gid' | 'mode' | 'uid'>>;

const PERMISSIONS = 0o777;

/** Whether the group may do other things than everybody. */
const countsGroup = (mode: number): boolean => ((mode >> 3) & 7) !== (mode & 7);

/** Only root gives files to others; whoever else makes one has it, and gives its group what is the group's. By the handle: under its name
 * another file may stand by now. */
async function give(handle: FileHandle, { gid, mode, uid }: Rights): Promise<void> {
  // Not as it is opened: the umask of whoever runs the command would take from it what others need.
  await handle.chmod(mode & PERMISSIONS);
  if (process.getuid?.() === 0) return handle.chown(uid, gid);
  if ((await handle.stat()).gid !== gid && countsGroup(mode)) await handle.chown(-1, gid);
}

/** Writes a file that is not there yet: of whoever runs the command, unless it has an owner to be.
 * @throws {Error} of the system; then there is none */
export async function writeWhole(
  path: string,
  text: string,
  rights: Rights | Pick<Rights, 'mode'>,
): Promise<Undo> {
  const isGiven = 'uid' in rights;
  const handle = await open(path, 'wx', isGiven ? 0o600 : rights.mode);
  try {
    if (isGiven) await give(handle, rights);
    await handle.writeFile(text);
    // A disk may say no sooner that it has no room.
    await handle.sync();
  } catch (cause) {
    await rm(path);
    throw cause;
  } finally {
    await handle.close();
  }
  return () => rm(path);
}

/** Gives a file another text, in one step: whoever reads it meanwhile reads the old one or the new one.
 * @throws {Error} of the system, or when it has not the text of before; then it is as it was */
export async function replaceWhole(
  path: string,
  { before, text }: { readonly before: string; readonly text: string },
): Promise<undefined> {
  const target = await realpath(path);
  // One name for all: of two at once one has it, and the other cannot write over what that one does.
  const beside = `${target}.new`;
  const rights = await stat(target);
  await takeAll([
    () => writeWhole(beside, text, rights).catch((cause: unknown) => tellTaken(beside, cause)),
    async () => {
      if ((await readFile(target, 'utf8')) !== before)
        throw new Error(`${path} was changed meanwhile: nothing was done, try again`);
      await rename(beside, target);
      return undefined;
    },
  ]);
}

function tellTaken(beside: string, cause: unknown): never {
  if (codeOf(cause) !== 'EEXIST') throw cause;
  const what = 'another command is at work, try again; where none is, one was cut off: remove it';
  throw new Error(`${beside} is there: ${what}`, { cause });
}

async function giveFolder(path: string, rights: Rights): Promise<void> {
  const handle = await open(path, constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    await give(handle, rights);
  } finally {
    await handle.close();
  }
}

/** Makes a folder, unless there is one.
 * @throws {Error} of the system; then there is none */
export async function makeFolder(path: string, rights: Rights): Promise<Undo> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return undefined;
    throw cause;
  }
  try {
    await giveFolder(path, rights);
  } catch (cause) {
    await rmdir(path);
    throw cause;
  }
  return () => rmdir(path);
}
