// Which lines of a source were run, from what V8 wrote of each process: a line counts when any process ran it. What is no
// code is not counted: blank lines, comments, types.
import { readdir, readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Line {
  readonly number: number;
  /** Of its text without the space around it, in characters from the start of the file. */
  readonly start: number;
  readonly end: number;
  isCovered: boolean;
}

/** The lines of code of a file. */
export interface Source {
  readonly file: string;
  readonly lines: readonly Line[];
}

interface Script {
  readonly url: string;
  readonly functions: readonly {
    readonly ranges: readonly {
      readonly startOffset: number;
      readonly endOffset: number;
      readonly count: number;
    }[];
  }[];
}

/** What one process wrote when it ended. */
interface Report {
  readonly result: readonly Script[];
}

const COMMENT = /^(\/\/|\/\*|\*( |\/|$))/;

/** The lines of code of a source, none of them covered. Types become spaces, which keeps the offsets. */
export function parseLines(source: string): readonly Line[] {
  const lines: Line[] = [];
  let offset = 0;
  for (const [index, text] of stripTypeScriptTypes(source).split('\n').entries()) {
    const code = text.trim();
    const start = offset + text.length - text.trimStart().length;
    if (code !== '' && !COMMENT.test(code))
      lines.push({ number: index + 1, start, end: start + code.length, isCovered: false });
    offset += text.length + 1;
  }
  return lines;
}

/** The index of the first line that begins at the offset or after it. */
function firstFrom(lines: readonly Line[], offset: number): number {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.start ?? offset) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Marks the lines that this process ran. An inner range comes after the one around it, and knows better. */
function markCovered(lines: readonly Line[], { functions }: Script): void {
  const ran = new Uint8Array(lines.length);
  for (const { ranges } of functions) {
    for (const { startOffset, endOffset, count } of ranges) {
      for (let at = firstFrom(lines, startOffset); at < lines.length; at++) {
        if ((lines[at]?.end ?? endOffset) > endOffset) break;
        ran[at] = count === 0 ? 0 : 1;
      }
    }
  }
  for (const [at, line] of lines.entries()) if (ran[at] === 1) line.isCovered = true;
}

async function loadReport(path: string): Promise<Report | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Report;
  } catch {
    return undefined;
  }
}

/** Marks what the processes ran whose reports are in the directory, one report after the other: together they are gigabytes.
 * Returns how many there were, and how many of them nobody can read: a process that is killed leaves half of one. */
export async function markReports(
  directory: string,
  root: string,
  sources: readonly Source[],
): Promise<{ read: number; broken: number }> {
  const byUrl = new Map(
    sources.map(({ file, lines }) => [pathToFileURL(join(root, file)).href, lines]),
  );
  const counts = { read: 0, broken: 0 };
  for (const name of await readdir(directory)) {
    const report = await loadReport(join(directory, name));
    counts[report ? 'read' : 'broken']++;
    for (const script of report?.result ?? []) {
      // A module that was loaded twice has a query.
      const lines = byUrl.get(script.url.replace(/[?#].*$/, ''));
      if (lines) markCovered(lines, script);
    }
  }
  return counts;
}
