// Every requirement has its tests, and every test that is named is there.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Requirement, TestRef } from '#test/support/requirements.ts';
import { REQUIREMENT_TABLES } from './requirement-tables.ts';
import { standardsText } from './write-coverage.ts';

const ROOT = new URL('../../', import.meta.url);
const REQUIREMENTS = REQUIREMENT_TABLES.flatMap(({ requirements }) => requirements);
const SHORTEST_FRAGMENT = 8;

const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

// A comment asserts nothing.
const withoutComments = (path: string): string =>
  read(path).replaceAll(/^ *(?:\/\/|\/?\*).*$/gm, '');

/** Whether the file has the fragment in a title: in a call of `test` or `it`, or in a table of titles. */
function isThere(reference: TestRef): boolean {
  const [file = '', fragment = ''] = reference.split('#');
  if (fragment.length < SHORTEST_FRAGMENT) return false;
  return withoutComments(`test/${file}`).includes(fragment);
}

const missing = (references: readonly TestRef[]): readonly string[] =>
  references.filter((reference) => !isThere(reference));

test('Requirements: there are some, and each has an id of its own', () => {
  const ids = REQUIREMENTS.map(({ id }) => id);

  assert.ok(ids.length > 60, `${ids.length} requirements`);
  assert.deepEqual(
    ids.filter((id, index) => ids.indexOf(id) !== index),
    [],
  );
});

test('Requirements: every table of a standard is among them', () => {
  const files = globSync('test/spec/*/requirements.ts', { cwd: ROOT.pathname });
  const tables = files.flatMap((file) =>
    Array.from(read(file).matchAll(/^export const /gm), () => file),
  );

  assert.equal(tables.length, REQUIREMENT_TABLES.length);
});

test('Requirements: a test that is not there, or is named too vaguely, is told', () => {
  const absent: TestRef = 'spec/requirements.test.ts#a title that no test '.concat(
    'has',
  ) as TestRef;

  assert.deepEqual(missing([absent]), [absent]);
  assert.equal(missing(['spec/requirements.test.ts#test']).length, 1);
});

for (const { id, kept, refused } of REQUIREMENTS) {
  test(`Requirements: ${id} is kept in a test and its breach refused in another`, () => {
    assert.ok(kept.length > 0);
    assert.deepEqual(missing(kept), []);
    if (refused === 'ours alone') return;
    assert.ok(refused.length > 0);
    assert.deepEqual(missing(refused), []);
  });
}

test('Requirements: few are ours alone to breach', () => {
  const alone = REQUIREMENTS.filter(({ refused }: Requirement) => refused === 'ours alone');

  assert.ok(alone.length * 5 < REQUIREMENTS.length, alone.map(({ id }) => id).join(', '));
});

/** The numbered rules of xml-security and ws-trust, and how many there are of each. */
const RULES = { V: 12, S: 10, A: 10, B: 15, C: 6, D: 6, E: 10, W: 16, R: 24 } as const;

test('Requirements: every numbered rule and attack has a test that carries its number', () => {
  const files = globSync('test/**/*.ts', { cwd: ROOT.pathname });
  const titles = files
    .filter((file) => !/requirements|\/interop\//.test(file))
    .flatMap(
      (file) =>
        withoutComments(file).match(/(?<=['`])[^'`\n]{0,80}?\b[VSABCDEWR]\d\d?\b[^'`\n]*/g) ?? [],
    );
  const numbers = new Set(titles.flatMap((title) => title.match(/\b[VSABCDEWR]\d\d?\b/g) ?? []));

  const expected = Object.entries(RULES).flatMap(([family, count]) =>
    Array.from({ length: count }, (_, index) => `${family}${String(index + 1)}`),
  );

  assert.deepEqual(
    expected.filter((number) => !numbers.has(number)),
    [],
  );
});

test('docs/standards.md: says what the tables say; npm run spec:coverage writes it', () => {
  assert.equal(read('docs/standards.md'), standardsText());
});
