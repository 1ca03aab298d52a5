// `npm run test:coverage` in a project of three folders, each of which owes covered lines.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const RUN = fileURLToPath(new URL('run.ts', import.meta.url));

const SOURCE = `// What is no code is not counted.
export interface Shape {
  readonly side: number;
}

/** The area. */
export function area({ side }: Shape): number {
  return side * side;
}
`;
/** Covers all there is. */
const TEST = `import { test } from 'node:test';
import { area } from '../../src/core/area.ts';
import '../../bridge/xml/one.ts';
import '../../bridge/saml/one.ts';
test('area', () => { if (area({ side: 2 }) !== 4) throw new Error('no area'); });
`;
const FILES = {
  'package.json': '{ "type": "module" }',
  'src/core/area.ts': SOURCE,
  'bridge/xml/one.ts': 'export const ONE: number = 1;\n',
  'bridge/saml/one.ts': 'export const ONE: number = 1;\n',
  'test/unit/area.test.ts': TEST,
};

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly lcov: string;
}

/** Runs the script in a project of these files, for the tests that the words name. */
async function ran(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  words: readonly string[] = ['test/**/*.test.ts'],
): Promise<Ran> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'viaduct-covered-')));
  t.after(() => rm(root, { recursive: true, force: true }));
  for (const [file, text] of Object.entries({ ...FILES, ...files })) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text);
  }
  // Within a test, Node takes `--test` for a mistake.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, [RUN, ...words], { cwd: root, env });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  const lcov = await readFile(join(root, 'coverage.lcov'), 'utf8').catch(() => '');
  return { code, out, lcov };
}

test('test:coverage: passes when every folder has what it owes; types and comments are no lines', async (t) => {
  const { code, out, lcov } = await ran(t, {});

  assert.equal(code, 0, out);
  assert.match(out, /ok {3}src\/core 100\.0 % of 3 lines, 95 wanted/);
  assert.match(lcov, /SF:src\/core\/area\.ts\nDA:7,1\nDA:8,1\nDA:9,1\nend_of_record/);
});

test('test:coverage: fails when a folder has less, and names the lines', async (t) => {
  const branch = SOURCE.replace(
    'return side',
    "if (side < 0)\n    throw new Error('side');\n  return side",
  );

  const { code, out } = await ran(t, { 'src/core/area.ts': branch });

  assert.equal(code, 1, out);
  assert.match(out, /LESS src\/core 80\.0 % of 5 lines, 95 wanted\n +src\/core\/area\.ts: 9\n/);
});

test('test:coverage: fails when a test fails, however much is covered', async (t) => {
  const { code, out } = await ran(t, { 'test/unit/area.test.ts': TEST.replace('!== 4', '!== 5') });

  assert.equal(code, 1, out);
  assert.match(out, /ok {3}src\/core 100\.0 %/);
  assert.match(out, /Tests failed/);
});

test('test:coverage: fails when there is no test', async (t) => {
  const { code, out } = await ran(t, { 'test/unit/area.test.ts': '' });

  assert.equal(code, 1, out);
  assert.match(out, /LESS src\/core 0\.0 %/);
});

test('test:coverage: fails for a name that matches no file, before any test runs: what it meant would count as not covered, or as covered by others', async (t) => {
  const { code, out, lcov } = await ran(t, {}, ['test/unit/*.test.ts', 'test/unti/*.test.ts']);

  assert.equal(code, 1, out);
  assert.match(out, /^test\/unti\/\*\.test\.ts matches no file$/m);
  assert.equal(lcov, '');
});

test('test:coverage: without a name it fails where a folder of tests is not there: it could be renamed out of sight', async (t) => {
  const { code, out } = await ran(t, {}, []);

  assert.equal(code, 1, out);
  assert.match(out, /^test\/spec\/\*\*\/\*\.test\.ts matches no file$/m);
  assert.doesNotMatch(out, /^test\/unit/m);
});

test('test:coverage: fails when the tests left no report', async (t) => {
  const silent = `import { stopCoverage } from 'node:v8';
stopCoverage();
${TEST}`;

  const { code, out } = await ran(t, { 'test/unit/area.test.ts': silent });

  assert.equal(code, 1, out);
  assert.match(out, /LESS src\/core 0\.0 % of 3 lines/);
  assert.doesNotMatch(out, /Tests failed/);
});

test('test:coverage: fails when a folder that owes more is not there', async (t) => {
  const files = { 'bridge/xml/one.ts': 'export interface One {}\n' };

  const { code, out } = await ran(t, files);

  assert.equal(code, 1, out);
  assert.match(out, /LESS bridge\/xml 0\.0 % of 0 lines/);
});

test('test:coverage: counts a source that no process loads', async (t) => {
  const { code, out } = await ran(t, { 'src/store/forgotten.ts': 'export const A = 1;\n' });

  assert.equal(code, 1, out);
  assert.match(out, /LESS src\/store 0\.0 % of 1 lines, 90 wanted/);
});

test('test:coverage: counts what only a started process ran', async (t) => {
  const started = `import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
test('area', () => {
  const file = fileURLToPath(new URL('all.ts', import.meta.url));
  if (spawnSync(process.execPath, [file]).status !== 0) throw new Error('no area');
});
`;
  const all = TEST.replace(/^.*node:test.*\n/, '').replace(/^test\(.*$/m, 'area({ side: 2 });');

  const { code, out } = await ran(t, {
    'test/unit/all.ts': all,
    'test/unit/area.test.ts': started,
  });

  assert.equal(code, 0, out);
  assert.match(out, /ok {3}src\/core 100\.0 % of 3 lines/);
});

test('test:coverage: a report that is cut off is counted and told, and takes nothing from the others', async (t) => {
  const cut = `import { writeFileSync } from 'node:fs';
writeFileSync(process.env['NODE_V8_COVERAGE'] + '/coverage-1-1795979697082-0.json', '{"result":[{"scr');
writeFileSync(process.env['NODE_V8_COVERAGE'] + '/coverage-2-1795979697082-0.json', '');
${TEST}`;

  const { code, out } = await ran(t, { 'test/unit/area.test.ts': cut });

  assert.equal(code, 0, out);
  assert.match(out, /reports of 2 more are cut off/);
});
