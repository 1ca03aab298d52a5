// Patterns over the text of strangers. One that looks for the end of a text from each place where it could begin takes a time that
// grows with the square of the length: 60 KB of spaces in an element held the server for seconds, before anybody was authenticated.
import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { test } from 'node:test';

/** A repetition right before the end, in an alternative that may begin anywhere. */
const LOOKS_FOR_THE_END = /(?:[+*]|\{\d*,\d*\})\??\)*\$$/;

/** Over text of the operator alone. */
const OF_OPERATORS: ReadonlySet<string> = new Set([
  'src/users/one-time-password.ts /=+$/',
  'src/users/user-directory.ts /\\$[^$]*\\$[^$]*$/',
]);

/** A literal behind what no operand ends with; comments and texts that look like one do no harm. */
const LITERAL =
  /(?<=[(=,:!&|?[{}\s])\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[dgimsuvy]*/g;

const patternsIn = (text: string): readonly string[] => text.match(LITERAL) ?? [];

/** The alternatives that are not within a group. */
function alternativesOf(source: string): readonly string[] {
  const alternatives = [''];
  let depth = 0;
  for (const [part] of source.matchAll(/\\.|\[(?:\\.|[^\]\\])*\]|./gs)) {
    if (part === '(') depth += 1;
    if (part === ')') depth -= 1;
    if (part === '|' && depth === 0) alternatives.push('');
    // What stands in a class, or is escaped, is one character.
    else alternatives.push(`${alternatives.pop() ?? ''}${part.length > 1 ? '.' : part}`);
  }
  return alternatives;
}

const isSlow = (pattern: string): boolean =>
  alternativesOf(pattern.slice(1, pattern.lastIndexOf('/'))).some(
    (part) => !part.startsWith('^') && LOOKS_FOR_THE_END.test(part),
  );

async function slowPatterns(): Promise<{ readonly all: number; readonly slow: Set<string> }> {
  const slow = new Set<string>();
  let all = 0;
  for await (const file of glob('{src,bridge}/**/*.ts')) {
    const patterns = patternsIn(await readFile(file, 'utf8'));
    all += patterns.length;
    for (const pattern of patterns.filter(isSlow)) slow.add(`${file} ${pattern}`);
  }
  return { all, slow };
}

test('xml-security §10: no pattern over text of others looks for the end of it from everywhere', async () => {
  const { all, slow } = await slowPatterns();

  assert.ok(all > 50, 'the scan found the patterns');
  assert.deepEqual(slow, OF_OPERATORS);
});

test('xml-security §10: the scan knows a slow pattern', () => {
  for (const pattern of ['/ +$/', '/^ +|(?<!\\\\) +$/g', '/[^/#:]+$/', '/(?:a|b*)$/', '/x{2,}$/u'])
    assert.ok(isSlow(pattern), pattern);
  for (const pattern of ['/^ +$/', '/\\/$/', '/(?:^|,) *x/', '/[+*]$/'])
    assert.ok(!isSlow(pattern), pattern);
});
