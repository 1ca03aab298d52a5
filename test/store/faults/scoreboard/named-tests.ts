// Runs the test files that rows name, and tells for each what became of the tests that count.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text as textOf } from 'node:stream/consumers';
import type { Row } from './rows.ts';
import type { Result } from './scoreboard.ts';

/** A file that hangs has not passed. */
const MOST_OF_A_FILE_MILLISECONDS = 240_000;

const POINT = /^\s*(not ok|ok) \d+ - (.*?)(?: # (SKIP|TODO).*)?$/;

/** Whether titles of a file begin so; a title made in a loop begins with what is fixed in it. */
const beginsWith = (title: string, start: string): boolean =>
  title.startsWith(start) || title.includes(start.replace(/^\$\{\w+\}/, ''));

async function runFile(
  file: string,
): Promise<readonly (readonly [isOk: boolean, title: string])[]> {
  const child = spawn(process.execPath, ['--test', '--test-reporter=tap', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: MOST_OF_A_FILE_MILLISECONDS,
  });
  const [output] = await Promise.all([textOf(child.stdout), once(child, 'close')]);
  return output.split('\n').flatMap((line) => {
    const [, word, title = '', isLeftOut] = POINT.exec(line) ?? [];
    return word === undefined ? [] : [[word === 'ok' && isLeftOut === undefined, title] as const];
  });
}

/** Runs the tests of all rows. */
export async function runNamedTests(rows: readonly Row[]): Promise<readonly Result[]> {
  const named = rows.flatMap(({ tests = [] }) => tests);
  const results = new Map<string, Result>();
  for (const file of new Set(named.map(([path]) => path))) {
    const points = await runFile(file);
    for (const [path, start] of named) {
      if (path !== file) continue;
      const counted = points.filter(([, title]) => beginsWith(title, start));
      const failed = counted.filter(([isOk]) => !isOk).map(([, title]) => title);
      const name = start === '' ? file : `${file}: ${start}`;
      const isPass = counted.length > 0 && failed.length === 0;
      results.set(name, { name, isPass, says: failed.join('; ') });
    }
  }
  return [...results.values()];
}
