// Which files an audit is made of: one chain for each process that writes, and of each chain the file that is written and
// those that were closed before it, named after their first line.
import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, parse } from 'node:path';

/** The number in the name sorts like text. */
const SEQ_DIGITS = 12;

/** The file a process writes. */
export function auditPath(basePath: string, suffix: string | undefined): string {
  if (suffix === undefined) return basePath;
  const { dir, name, ext } = parse(basePath);
  return join(dir, `${name}.${suffix}${ext}`);
}

/** The name that a file gets when it is closed for the next one. */
export function closedPath(path: string, firstSeq: number): string {
  const { dir, name, ext } = parse(path);
  return join(dir, `${name}-${String(firstSeq).padStart(SEQ_DIGITS, '0')}${ext}`);
}

/** What is in a folder, where there is one. In one that cannot be read there may be anything: to take it as empty would find all well.
 * @throws {Error} of the system */
async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw cause;
  }
}

const escaped = (text: string): string => text.replaceAll(/[^\w]/g, String.raw`\$&`);

/** The files that were closed before the one at `path`, oldest first. */
export async function closedFiles(path: string): Promise<readonly string[]> {
  const { dir, name, ext } = parse(path);
  const pattern = new RegExp(`^${escaped(name)}-\\d{${SEQ_DIGITS}}${escaped(ext)}$`);
  const names = (await namesIn(dir)).filter((each) => pattern.test(each));
  return names.toSorted().map((each) => join(dir, each));
}

/** The part of the name that the files of one chain share, by folder. */
async function stemsIn(folder: string, basePath: string): Promise<readonly string[]> {
  const { name, ext } = parse(basePath);
  const pattern = new RegExp(
    `^(${escaped(name)}(?:\\.w\\d+)?)(?:-\\d{${SEQ_DIGITS}})?${escaped(ext)}$`,
  );
  return (await namesIn(folder)).flatMap((each) => pattern.exec(each)?.[1] ?? []);
}

/** The files of one name in a folder: those that were closed, and the one that was written last. */
async function filesIn(folder: string, name: string) {
  const path = join(folder, name);
  const closed = await closedFiles(path);
  const current = (await namesIn(folder)).includes(name) ? [path] : [];
  return { closed, current };
}

/** The chains of one name. What was moved to an archive stands before what is left; a chain that was moved as a whole is one of
 * its own, for its writer may have begun another since. */
async function chainsOf(name: string, folder: string, archives: readonly string[]) {
  const live = await filesIn(folder, name);
  const archived = await Promise.all(archives.map((each) => filesIn(each, name)));
  const whole = archived.filter(({ current }) => current.length > 0);
  const left = new Set(live.closed.map((each) => basename(each)));
  const moved = archived
    .filter(({ current }) => current.length === 0)
    .flatMap(({ closed }) => closed)
    // A copy of what is still here is the same file twice.
    .filter((each) => !left.has(basename(each)))
    .toSorted((one, other) => (basename(one) < basename(other) ? -1 : 1));
  return [
    ...whole.map(({ closed, current }) => [...closed, ...current]),
    [...moved, ...live.closed, ...live.current],
  ].filter((paths) => paths.length > 0);
}

/** Archives that are neither the folder itself nor one before them: the same lines must not count twice. */
async function otherFolders(
  folder: string,
  archives: readonly string[],
): Promise<readonly string[]> {
  const placeOf = (path: string) => realpath(path).catch(() => path);
  const [own, ...places] = await Promise.all([folder, ...archives].map(placeOf));
  return archives.filter((_, index) => {
    const place = places[index];
    return place !== own && places.indexOf(place ?? '') === index;
  });
}

/** The files of every chain of an audit, each from its oldest to the one that is written; with what was moved to other folders. */
export async function auditChains(
  basePath: string,
  shown: readonly string[] = [],
): Promise<readonly (readonly string[])[]> {
  const folder = dirname(basePath);
  const archives = await otherFolders(folder, shown);
  const stems = await Promise.all([folder, ...archives].map((each) => stemsIn(each, basePath)));
  const chains = await Promise.all(
    [...new Set(stems.flat())]
      .toSorted()
      .map((stem) => chainsOf(`${stem}${parse(basePath).ext}`, folder, archives)),
  );
  const found = chains.flat();
  // Where nothing is, the file that should be there is missed by its name.
  return found.length > 0 ? found : [[basePath]];
}
