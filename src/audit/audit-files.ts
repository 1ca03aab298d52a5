// Which files an audit is made of: one chain for each process that writes, and of each chain the file that is written and
// those that were closed before it, named after their first line.
import { readdir } from 'node:fs/promises';
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

const namesIn = async (folder: string): Promise<readonly string[]> => {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
};

const escaped = (text: string): string => text.replaceAll(/[^\w]/g, String.raw`\$&`);

/** The files that were closed before the one at `path`, oldest first. */
export async function closedFiles(path: string): Promise<readonly string[]> {
  const { dir, name, ext } = parse(path);
  const pattern = new RegExp(`^${escaped(name)}-\\d{${SEQ_DIGITS}}${escaped(ext)}$`);
  const names = (await namesIn(dir)).filter((each) => pattern.test(each));
  return names.toSorted().map((each) => join(dir, each));
}

/** The files of every chain of an audit, each from its oldest to the one that is written. */
export async function auditChains(basePath: string): Promise<readonly (readonly string[])[]> {
  const { name, ext } = parse(basePath);
  const pattern = new RegExp(
    `^(${escaped(name)}(?:\\.w\\d+)?)(?:-\\d{${SEQ_DIGITS}})?${escaped(ext)}$`,
  );
  const names = await namesIn(dirname(basePath));
  const stems = new Set(names.flatMap((each) => pattern.exec(each)?.[1] ?? []));
  const chains = await Promise.all(
    [...stems].toSorted().map(async (stem) => {
      const path = join(dirname(basePath), `${stem}${ext}`);
      const current = names.includes(basename(path)) ? [path] : [];
      return [...(await closedFiles(path)), ...current];
    }),
  );
  // Where nothing is, the file that should be there is missed by its name.
  return chains.length > 0 ? chains : [[basePath]];
}
