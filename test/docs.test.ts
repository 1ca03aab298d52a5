// The documents say what the code does: their tables are held against it, their links lead somewhere.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { REST_ERRORS } from '#bridge/ws-trust/rest/rest-error.ts';
import { FAILURE_REASONS } from '#core/failure.ts';
import { REFUSAL_ADVICE } from '#src/cli/explain/refusal-advice.ts';
import { PROBLEM_CODES } from '#src/config/problem.ts';
import {
  ASSERTION_GRANT_ERRORS,
  type ErrorMap,
  TOKEN_EXCHANGE_ERRORS,
} from '#src/oauth/oauth-error.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DOCUMENTS = globSync('**/*.md', {
  cwd: ROOT,
  exclude: (name) => ['node_modules', 'coverage', 'data'].includes(name),
}).sort();
const DECISIONS = DOCUMENTS.filter((path) => path.startsWith('docs/decisions/'));

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** The text below a heading of the second level. */
function section(path: string, heading: string): string {
  const found = read(path)
    .split(/^## /m)
    .find((part) => part.startsWith(`${heading}\n`));
  assert.ok(found, `${path} has no section ${heading}`);
  return found;
}

/** The cells of each row of the tables in a text whose first cell is code, and the code alone where a cell has some. */
function rows(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.replaceAll('`', '').trim()));
}

const withoutCode = (text: string): string => text.replaceAll(/^```.*?^```/gms, '');

const errorsOf = (map: ErrorMap) => (reason: (typeof FAILURE_REASONS)[number]) =>
  `${map[reason].error} ${String(map[reason].status)}`;

test('Docs: there are documents, and they were seen', () => {
  for (const path of ['CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'docs/errors.md'])
    assert.ok(DOCUMENTS.includes(path), path);
});

for (const path of DOCUMENTS) {
  test(`Docs: every relative link of ${path} resolves`, () => {
    const links = [...withoutCode(read(path)).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = '']) => link.replace(/#.*$/, ''))
      .filter((link) => link !== '' && !/^[a-z]+:/.test(link));

    const dead = links.filter(
      (link) => link.startsWith('/') || !existsSync(join(ROOT, dirname(path), link)),
    );

    assert.deepEqual(dead, []);
  });

  test(`Docs: every file of ours that ${path} names is there`, () => {
    const named = [...read(path).matchAll(/`((?:src|bridge|test|docs)\/[\w./-]+\.[a-z]+)`/g)].map(
      ([, name = '']) => name,
    );

    assert.deepEqual(
      named.filter((name) => !existsSync(join(ROOT, name))),
      [],
    );
  });

  test(`Docs: ${path} has no path of somebody's machine`, () => {
    assert.doesNotMatch(read(path), /(?<![\w.])\/(?:home|root|Users|work|tmp)\/|\b[A-Z]:\\/);
  });
}

test('Docs: every decision has a number, a title and four parts', () => {
  assert.ok(DECISIONS.length > 0);
  for (const [index, path] of DECISIONS.entries()) {
    const number = index + 1;
    const text = read(path);

    assert.match(path, new RegExp(`/${String(number).padStart(4, '0')}-[a-z0-9-]+\\.md$`));
    assert.ok(text.startsWith(`# ${String(number)}. `), path);
    assert.deepEqual(
      [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading),
      ['Context', 'Choice', 'Alternatives', 'Consequence'],
      path,
    );
  }
});

test('docs/errors.md: has every reason with the error of each family of grants', () => {
  const documented = rows(section('docs/errors.md', 'Refusals of requests'));

  const expected = FAILURE_REASONS.map((reason) => [
    reason,
    errorsOf(TOKEN_EXCHANGE_ERRORS)(reason),
    errorsOf(ASSERTION_GRANT_ERRORS)(reason),
  ]);

  assert.deepEqual(
    documented.map((cells) => cells.slice(0, 3)),
    expected,
  );
});

test('docs/ws-trust-rest.md: has every reason with its answer', () => {
  assert.deepEqual(
    rows(section('docs/ws-trust-rest.md', 'What is refused')),
    FAILURE_REASONS.map((reason) => {
      const { error, status } = REST_ERRORS[reason];
      return [reason, `${error} ${String(status)}`];
    }),
  );
});

test('docs/errors.md: says of every reason what happened and what to do', () => {
  for (const cells of rows(section('docs/errors.md', 'Refusals of requests'))) {
    assert.equal(cells.length, 5, cells[0]);
    assert.ok(
      cells.every((cell) => cell !== ''),
      cells[0],
    );
  }
});

test('docs/errors.md: what to do is what explain says', () => {
  assert.deepEqual(
    rows(section('docs/errors.md', 'Refusals of requests')).map((cells) => [cells[0], cells[4]]),
    Object.entries(REFUSAL_ADVICE).map(([reason, advice]) => [reason, advice.replaceAll('`', '')]),
  );
});

test('docs/errors.md: has every code of a configuration problem', () => {
  const documented = rows(section('docs/errors.md', 'Problems of the configuration'));

  assert.deepEqual(
    documented.map(([code]) => code),
    [...PROBLEM_CODES],
  );
});

interface Manifest {
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(read('package.json')) as Manifest;

for (const [heading, packages] of [
  ['In production', manifest.dependencies],
  ['In development', manifest.devDependencies],
] as const) {
  test(`docs/dependencies.md: "${heading}" has the packages of package.json, each with a reason and a way out`, () => {
    const documented = rows(section('docs/dependencies.md', heading));

    assert.deepEqual(
      documented.map(([name]) => name),
      Object.keys(packages).sort(),
    );
    assert.ok(documented.every((cells) => cells.length === 3 && !cells.includes('')));
  });
}

test('LICENSE: is the whole text that package.json names', () => {
  const text = read('LICENSE');

  assert.equal(manifest.license, 'Apache-2.0');
  assert.match(text, /Apache License\s+Version 2\.0, January 2004/);
  assert.match(text, /END OF TERMS AND CONDITIONS/);
});

test('CHANGELOG.md: has a place for what is not released', () => {
  assert.match(read('CHANGELOG.md'), /^## \[Unreleased\]$/m);
});

test('.nvmrc: names the major version of the node package', () => {
  assert.equal(read('.nvmrc').trim(), manifest.devDependencies['node']?.split('.')[0]);
});
