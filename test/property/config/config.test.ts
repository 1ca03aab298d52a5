// The loader under random input: every text gives a Config or a ConfigError, and a ConfigError always has problems.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { ConfigError, formatProblems } from '#src/config/problem.ts';
import { aDocument, parseText } from '#test/unit/config/document.ts';

async function loadsOrTells(text: string, env?: Readonly<Record<string, string>>): Promise<void> {
  try {
    await parseText(text, { env: env ?? {} });
  } catch (cause) {
    assert.ok(cause instanceof ConfigError, String(cause));
    assert.ok(cause.problems.some(({ severity }) => severity === 'error'));
    assert.ok(cause.problems.every(({ line, column }) => line >= 1 && column >= 1));
    assert.notEqual(formatProblems(cause.problems), '');
  }
}

it('Config: a random text gives a Config or a ConfigError', async () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .array(fc.constantFrom('a', ':', ' ', '\n', '-', '[', '{', '&x', '*x', '!', '"'))
      .map((parts) => parts.join('')),
  );

  await fc.assert(
    fc.asyncProperty(text, (each) => loadsOrTells(each)),
    { numRuns: 500 },
  );
});

const replacement = fc.oneof(
  fc.constantFrom(undefined, null, true, 0, -1, '', 'x', [], {}, [[]], { file: 'x' }, '__proto__'),
  fc.string(),
  fc.jsonValue({ maxDepth: 2 }),
);

// Replaces what a chain of choices leads to; any place of the document can be hit.
function replaceAt(value: unknown, choices: readonly number[], by: unknown): unknown {
  const [choice, ...rest] = choices;
  if (choice === undefined || typeof value !== 'object' || value === null) return by;
  const keys = Object.keys(value);
  const key = keys[choice % Math.max(keys.length, 1)];
  if (key === undefined) return by;
  const inner = replaceAt((value as Record<string, unknown>)[key], rest, by);
  if (Array.isArray(value))
    return value.map((each: unknown, index) => (String(index) === key ? inner : each));
  return { ...value, [key]: inner };
}

it('Config: a valid document with anything put anywhere gives a Config or a ConfigError', async () => {
  const choices = fc.array(fc.nat(20), { minLength: 1, maxLength: 6 });

  await fc.assert(
    fc.asyncProperty(choices, replacement, (path, by) =>
      loadsOrTells(stringify(replaceAt(aDocument(), path, by))),
    ),
    { numRuns: 400 },
  );
});

it('Config: a random variable gives a Config or a ConfigError', async () => {
  const word = fc.constantFrom(
    'ISSUER',
    'LOG',
    'LEVEL',
    'CLIENTS',
    '0',
    '',
    'STORE',
    'SQLITE',
    'PATH',
    '__PROTO__',
  );
  const variable = fc.array(word, { maxLength: 4 }).map((words) => `VIADUCT__${words.join('__')}`);
  const text = stringify(aDocument());

  await fc.assert(
    fc.asyncProperty(variable, fc.string(), (name, value) => loadsOrTells(text, { [name]: value })),
    { numRuns: 200 },
  );
});
