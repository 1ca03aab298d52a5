// What each folder owes of covered lines, and what it has.
import type { Source } from './lines.ts';

/** Percent of lines, of a folder that no row names. */
const OWED = 90;
/** Here a line that never ran is a hole in a verdict. */
const STRICT: ReadonlyMap<string, number> = new Map([
  ['src/core', 95],
  ['bridge/xml', 95],
  ['bridge/saml', 95],
]);

export interface Folder {
  readonly name: string;
  readonly found: number;
  readonly covered: number;
  readonly owedPercent: number;
  readonly isEnough: boolean;
}

/** `src/core/ledger/ledger.ts` is in `src/core`, `src/main.ts` in `src`. */
export function folderOf(file: string): string {
  return file.split('/').slice(0, -1).slice(0, 2).join('/');
}

/** Every folder that has code. One that is named above is among them, or it could be renamed out of sight. */
export function decideFolders(sources: readonly Source[]): readonly Folder[] {
  const names = new Set([...STRICT.keys(), ...sources.map(({ file }) => folderOf(file))]);
  return [...names].sort().flatMap((name) => {
    const lines = sources.flatMap(({ file, lines }) => (folderOf(file) === name ? lines : []));
    const owedPercent = STRICT.get(name) ?? OWED;
    if (lines.length === 0 && !STRICT.has(name)) return [];
    const covered = lines.filter(({ isCovered }) => isCovered).length;
    const isEnough = lines.length > 0 && 100 * covered >= owedPercent * lines.length;
    return { name, found: lines.length, covered, owedPercent, isEnough };
  });
}

/** `12-15, 20`: the lines that nothing ran. Lines of no code between two of them do not part them. */
export function writeMissing({ lines }: Source): string {
  const spans: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const first = at;
    while (lines[at]?.isCovered === false) at++;
    const [from, to] = [lines[first]?.number, lines[at - 1]?.number];
    if (at > first) spans.push(from === to ? `${from}` : `${from}-${to}`);
  }
  return spans.join(', ');
}

/** The report as editors show it. */
export function writeLcov(sources: readonly Source[]): string {
  return sources
    .map(({ file, lines }) => {
      const rows = lines.map(({ number, isCovered }) => `DA:${number},${isCovered ? 1 : 0}\n`);
      return `SF:${file}\n${rows.join('')}end_of_record\n`;
    })
    .join('');
}
