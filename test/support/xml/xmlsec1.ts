// The xmlsec1 command as a judge. Where it is not installed its tests print a skip; with CI=true they fail instead.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

const COMMAND = 'xmlsec1';

/** What the command said. */
export interface JudgeResult {
  readonly isOk: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Whether xmlsec1 can be used; marks the test as skipped when not, unless CI demands it. */
export function hasXmlsec1(t: TestContext): boolean {
  const isInstalled = spawnSync(COMMAND, ['--version']).error === undefined;
  if (!isInstalled && process.env['CI'] === 'true') throw new Error('CI needs xmlsec1');
  if (!isInstalled) t.skip('xmlsec1 not installed');
  return isInstalled;
}

/** Runs xmlsec1 with files by name; an argument equal to a file's name becomes its path. */
export function runXmlsec1(
  args: readonly string[],
  files: Readonly<Record<string, string>>,
): JudgeResult {
  const folder = mkdtempSync(join(tmpdir(), 'xmlsec1-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const paths = args.map((argument) => (argument in files ? join(folder, argument) : argument));
    const { status, stdout, stderr } = spawnSync(COMMAND, paths, { encoding: 'utf8' });
    return { isOk: status === 0, stdout, stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
