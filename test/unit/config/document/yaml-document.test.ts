// YAML: strict where two readers could see two documents, with the place of every value.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseYaml } from '#src/config/document/yaml-document.ts';

describe('YAML: refuses', () => {
  const refused: readonly (readonly [string, string, RegExp])[] = [
    ['a key that stands twice', 'a: 1\na: 2', /unique/],
    ['a key that stands twice in two spellings', 'x: { a: 1, b: 2, "a": 3 }', /unique/],
    ['a key that stands twice without a name', '? \n? ', /unique/],
    // Held against each other one by one they would take a minute, of a server that is told to reload.
    [
      'more keys than a person writes',
      Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join('\n'),
      /more than 1000 keys/,
    ],
    ['a second document', 'a: 1\n---\nb: 2', /multiple documents/],
    ['a custom tag', 'a: !secret x', /Unresolved tag/],
    ['a tag of YAML 1.1', 'a: !!binary aGk=', /Unresolved tag/],
    ['a directive for YAML 1.1', '%YAML 1.1\n---\na: yes', /version/],
    ['a key that is a list', '{[1]: 2}', /strings/],
    ['an alias without an anchor', 'a: *nope', /Unresolved alias/],
    ['an alias inside its own anchor', 'a: &x [*x]', /contains itself/],
    ['a tab as indentation', '\t a: 1', /[Tt]abs/],
    ['an open quote', 'a: "x', /quote/],
    ['deep nesting', `${'['.repeat(40)}${']'.repeat(40)}`, /too deep/],
    ['nesting beyond the stack', '['.repeat(20_000), /stack/],
    ['a file of more than a megabyte', `a: ${'x'.repeat(1024 * 1024)}`, /bytes/],
    [
      'aliases that multiply',
      ['a: &a [1,1,1,1,1,1,1,1,1]', ...'bcdefg'.split('').map(multiply)].join('\n'),
      /alias count/,
    ],
  ];

  for (const [what, text, message] of refused) {
    it(what, () => {
      const { complaints, value } = parseYaml(text);

      assert.match(complaints[0]?.what ?? '', message);
      assert.ok(complaints.length <= 20);
      assert.equal(value, undefined);
    });
  }
});

// A value in its place may be a secret that belongs into a file of its own, and what is told goes to terminals and logs.
describe('YAML: tells where it is no YAML, and quotes nothing of it', () => {
  for (const written of [
    '>hunter2',
    '|hunter2 x',
    '!hunter2',
    '!hunter2!',
    '*hunter2',
    '"\\uhunter2"',
    '1\n}hunter2',
    '"x"\n*hunter2 y',
  ])
    it(`secret: ${JSON.stringify(written)}`, () => {
      const { complaints } = parseYaml(`a: 1\nb:\n  secret: ${written}`);

      assert.notEqual(complaints.length, 0);
      for (const { line, what } of complaints) {
        assert.doesNotMatch(what, /hunt/);
        assert.ok(line >= 3, `${what} at ${line}`);
      }
    });

  for (const written of ['%hunter2', '%YAML 1.1hunter2'])
    it(`what is named in place of a configuration: ${written}`, () => {
      const { complaints } = parseYaml(written);

      assert.notEqual(complaints.length, 0);
      for (const { what } of complaints) assert.doesNotMatch(what, /hunt/);
    });

  it('a second document, without advice to programmers', () => {
    const { complaints } = parseYaml('a: 1\n---\nb: 2');

    assert.equal(complaints[0]?.what, 'Source contains multiple documents');
  });
});

function multiply(name: string): string {
  const before = `*${String.fromCharCode(name.charCodeAt(0) - 1)}`;
  return `${name}: &${name} [${Array.from({ length: 9 }, () => before).join(',')}]`;
}

it('YAML: has the core schema of 1.2, not the surprises of 1.1', () => {
  const { value } = parseYaml(
    'a: yes\nb: 0o17\nc: 1_000\nd: 2027-01-01\ne: ~\nf: 12:30\n<<: {g: 1}',
  );

  assert.deepEqual(value, {
    a: 'yes',
    b: 15,
    c: '1_000',
    d: '2027-01-01',
    e: null,
    f: '12:30',
    '<<': { g: 1 },
  });
});

it('YAML: a key called __proto__ stays an own key', () => {
  const { value } = parseYaml('__proto__: { polluted: true }');

  assert.ok(Object.hasOwn(value as object, '__proto__'));
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
});

it('YAML: knows the place of keys, elements, aliased values, and of what surrounds a missing one', () => {
  const document = parseYaml('a:\n  b: [1, 2]\nc: &x { d: 1 }\ne: *x\n');

  assert.deepEqual(document.placeOf([]), { line: 1, column: 1 });
  assert.deepEqual(document.placeOf(['a', 'b']), { line: 2, column: 3 });
  assert.deepEqual(document.placeOf(['a', 'b', 1]), { line: 2, column: 10 });
  assert.deepEqual(document.placeOf(['a', 'missing']), { line: 1, column: 1 });
  assert.deepEqual(document.placeOf(['e', 'd']), { line: 3, column: 9 });
});
