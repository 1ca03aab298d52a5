// What the documents show, tried: examples load, names of metrics and scripts exist, addresses are served, anchors lead somewhere.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { COMMAND_USAGE } from '#src/cli/usage.ts';
import { configSchema } from '#src/config/schema.ts';
import { schemaComplaints } from '#src/config/schema-issues.ts';
import { createMetrics } from '#src/telemetry/metrics.ts';
import { createRegistry } from '#src/telemetry/registry.ts';
import { coveredRoutes } from '#test/support/openapi.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DOCUMENTS = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].concat(
  globSync('docs/**/*.md', { cwd: ROOT }).sort(),
);

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const withoutCode = (text: string): string => text.replaceAll(/^```.*?^```/gms, '');

const blocksOf = (path: string, language: string): readonly string[] =>
  [...read(path).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
    ([, block = '']) => block,
  );

/** As GitHub makes them of headings. */
const anchorsOf = (path: string): ReadonlySet<string> =>
  new Set(
    [...withoutCode(read(path)).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );

test('Docs: every link to a heading leads to one', () => {
  const dead: string[] = [];
  let seen = 0;

  for (const path of DOCUMENTS) {
    for (const [, link = ''] of withoutCode(read(path)).matchAll(/\]\(([^)\s:]*#[^)\s]+)\)/g)) {
      const [file = '', anchor = ''] = link.split('#');
      const target = file === '' ? path : normalize(join(dirname(path), file));
      seen += 1;
      if (target.endsWith('.md') && !anchorsOf(target).has(anchor)) dead.push(`${path}: ${link}`);
    }
  }

  assert.ok(seen > 30, String(seen));
  assert.deepEqual(dead, []);
});

// docs/configuration.md has a test of its own, which loads its examples; that of users is a file of another format.
const CONFIGURED = DOCUMENTS.filter(
  (path) => path !== 'docs/configuration.md' && path !== 'docs/users.md',
);

test('Docs: every example of a configuration is one by its form', () => {
  let seen = 0;

  for (const path of CONFIGURED) {
    for (const block of blocksOf(path, 'yaml')) {
      const sections = parse(block) as Readonly<Record<string, unknown>>;
      const complaints = schemaComplaints(configSchema, sections)
        .filter(({ path: [section] }) => Object.hasOwn(sections, section ?? ''))
        .map(({ complaint, path: at }) => `${path} ${at.join('.')}: ${complaint.what}`);
      seen += 1;

      assert.deepEqual(complaints, []);
    }
  }

  assert.ok(seen >= 8, String(seen));
});

test('Docs: every address of ours in a command is one of openapi.yaml', () => {
  const routes = coveredRoutes().map((route) => route.split(' ')[1] ?? '');
  const patterns = routes.map((route) => new RegExp(`^${route.replaceAll(/\{\w+\}/g, '[^/]+')}$`));
  const asked = DOCUMENTS.flatMap((path) => blocksOf(path, 'sh')).flatMap((block) =>
    [...block.matchAll(/https:\/\/(?:sts\.example\.org|localhost:8443)(\/[^?'"\s]*)/g)].map(
      ([, address = '']) => address,
    ),
  );

  assert.ok(asked.length > 3, String(asked.length));
  assert.deepEqual(
    asked.filter((address) => !patterns.some((pattern) => pattern.test(address))),
    [],
  );
});

test('README.md: has every command, with options that its help has', () => {
  const rows = [...read('README.md').matchAll(/^\| `viaduct (\w+)(.*?)\|(.*)\|$/gm)];

  assert.deepEqual(new Set(rows.map(([, name]) => name)), new Set(Object.keys(COMMAND_USAGE)));
  for (const [line, name = ''] of rows)
    for (const [option] of line.matchAll(/--\w+/g))
      assert.ok(COMMAND_USAGE[name as keyof typeof COMMAND_USAGE].includes(option), line);
});

test('docs/operations.md: has every line that warns or tells of an error', () => {
  const section = read('docs/operations.md')
    .split(/^## /m)
    .find((part) => part.startsWith('Log\n'));
  const plain = (section ?? '').replaceAll(/\s+/g, ' ');
  const lines = globSync('{src,bridge}/**/*.ts', { cwd: ROOT }).flatMap((path) =>
    [...read(path).matchAll(/logger\.(?:warn|error)\(\s*'([^']+)'/g)].map(([, line = '']) => line),
  );

  assert.ok(lines.length > 12, String(lines.length));
  assert.deepEqual(
    lines.filter((line) => !plain.includes(`\`${line}\``)),
    [],
  );
});

test('Docs: every npm script that is named is there', () => {
  const { scripts } = JSON.parse(read('package.json')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const named = DOCUMENTS.flatMap((path) =>
    [...read(path).matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name),
  );

  assert.ok(named.length > 5, String(named.length));
  assert.deepEqual(
    named.filter((name) => !Object.hasOwn(scripts, name)),
    [],
  );
});

interface Declared {
  readonly name: string;
  readonly labels: readonly string[];
}

/** Name, type and labels of each metric, as the code declares them. */
function declaredMetrics(): readonly (readonly string[])[] {
  const declared: (readonly string[])[] = [];
  const registry = createRegistry();
  const note = (type: string, { labels, name }: Declared) =>
    declared.push([name, type, labels.join(', ')]);
  createMetrics({
    ...registry,
    counter: (definition) => (note('counter', definition), registry.counter(definition)),
    gauge: (definition) => (note('gauge', definition), registry.gauge(definition)),
    histogram: (definition) => (note('histogram', definition), registry.histogram(definition)),
  });
  // Of the process that starts workers.
  return [...declared, ['sts_workers', 'gauge', ''], ['sts_worker_restarts_total', 'counter', '']];
}

test('docs/operations.md: has every metric with its type and labels, and no document another', () => {
  const rows = [...read('docs/operations.md').matchAll(/^\| `(sts_\w+)` \|(.*)\|(.*)\|.*\|$/gm)];
  const named = DOCUMENTS.flatMap((path) => read(path).match(/\bsts_[a-z_]+/g) ?? []);
  const declared = declaredMetrics();
  const names = new Set(declared.map(([name]) => name));

  const documented = rows.map(([, name = '', type = '', labels = '']) =>
    [name, type.trim(), labels.replaceAll('`', '').trim()].join(' | '),
  );
  assert.deepEqual(new Set(documented), new Set(declared.map((metric) => metric.join(' | '))));
  assert.equal(documented.length, declared.length);
  assert.deepEqual(
    named.filter((name) => !names.has(name)),
    [],
  );
});
