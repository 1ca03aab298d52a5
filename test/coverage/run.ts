// `npm run test:coverage`: the tests of our own code, then what each folder owes of covered lines. Every process that a test
// starts, a server as well, writes what it ran of which script. Node's own coverage report is not used: a single process that
// is killed while it writes leaves it without any report. Patterns as arguments run those tests alone.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { glob, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decideFolders, folderOf, writeLcov, writeMissing } from './folders.ts';
import { markReports, parseLines, type Source } from './lines.ts';

const ROOT = process.cwd();
const TESTS = ['cli', 'grid', 'property', 'security', 'spec', 'store', 'unit'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

/** Those that match no file. Node runs the others and says nothing. */
async function unmatched(patterns: readonly string[]): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const pattern of patterns) {
    const { done } = await glob(pattern).next();
    if (done === true) missing.push(pattern);
  }
  return missing;
}

/** Runs the tests, with the reports of their processes in the directory. */
async function runTests(directory: string, patterns: readonly string[]): Promise<boolean> {
  const words = ['--test', '--test-concurrency=2', '--test-reporter=dot', ...patterns];
  const env = { ...process.env, NODE_V8_COVERAGE: directory };
  const tests = spawn(process.execPath, words, { env, stdio: 'inherit' });
  const [code] = (await once(tests, 'close')) as [number | null];
  return code === 0;
}

/** All our sources: one that no process loaded is one that no test covers. */
async function loadSources(): Promise<readonly Source[]> {
  const sources: Source[] = [];
  for await (const file of glob('{src,bridge}/**/*.ts'))
    sources.push({ file, lines: parseLines(await readFile(join(ROOT, file), 'utf8')) });
  return sources.sort((a, b) => a.file.localeCompare(b.file));
}

/** Tells what each folder has, and in those that have too little, the lines that never ran. */
function tellFolders(sources: readonly Source[]): boolean {
  const folders = decideFolders(sources);
  for (const { name, found, covered, owedPercent, isEnough } of folders) {
    // Rounded down: what is not quite enough must not look like it.
    const percent = found === 0 ? 0 : Math.floor((1000 * covered) / found) / 10;
    const verdict = isEnough ? 'ok  ' : 'LESS';
    console.log(
      `${verdict} ${name} ${percent.toFixed(1)} % of ${found} lines, ${owedPercent} wanted`,
    );
    for (const source of isEnough ? [] : sources.filter(({ file }) => folderOf(file) === name)) {
      const missing = writeMissing(source);
      if (missing !== '') console.log(`       ${source.file}: ${missing}`);
    }
  }
  return folders.every(({ isEnough }) => isEnough);
}

// An interrupt ends the tests, and then this: the reports are not left behind.
process.on('SIGINT', () => undefined);
const patterns = process.argv.length > 2 ? process.argv.slice(2) : TESTS;
const missing = await unmatched(patterns);
if (missing.length > 0) {
  for (const pattern of missing) console.log(`${pattern} matches no file`);
  process.exit(1);
}
const directory = await mkdtemp(join(tmpdir(), 'viaduct-coverage-'));
try {
  const isPass = await runTests(directory, patterns);
  const sources = await loadSources();
  const { read, broken } = await markReports(directory, ROOT, sources);
  console.log(`\n${read} processes told what they ran, the reports of ${broken} more are cut off`);
  const isEnough = tellFolders(sources);
  await writeFile('coverage.lcov', writeLcov(sources));
  if (!isPass) console.log('Tests failed: what they did not reach is not counted.');
  process.exitCode = isPass && isEnough ? 0 : 1;
} finally {
  await rm(directory, { recursive: true, force: true });
}
