// The reader of imports behind the architecture test: what it does not see, nobody forbids.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readSource } from '#test/support/architecture.ts';

describe('the checker sees every way to import', () => {
  const specifiers = (text: string) => readSource(text).imports.map(({ specifier }) => specifier);

  const seen: Readonly<Record<string, string>> = {
    'a plain import': "import { a } from './x.ts';",
    'a type import': "import type { A } from './x.ts';",
    'a default type import': "import type A from './x.ts';",
    'an inline type': "import { type A } from './x.ts';",
    'double quotes and no semicolon': 'import { a } from "./x.ts"',
    'several lines': "import {\n  a,\n  type B,\n} from './x.ts';",
    'a comment in between': "import { a /* from './y.ts' */ } // no\n from /* x */ './x.ts';",
    'a default and names': "import a, { b as c } from './x.ts';",
    'a namespace': "import * as a from './x.ts';",
    'an import for its effect': "import './x.ts';",
    'no space': "import{a}from'./x.ts'",
    attributes: "import a from './x.ts' with { type: 'json' };",
    'a dynamic import': "const a = await import('./x.ts');",
    'a dynamic import over lines': "const a = import(\n  './x.ts',\n);",
    'a dynamic import of a template': 'const a = import(`./x.ts`);',
    'a dynamic import inside a template': 'const a = `${await import("./x.ts")}`;',
    'an imported type in place': "let a: import('./x.ts').A;",
    'a re-export': "export { a } from './x.ts';",
    'a re-export of types': "export type { A } from './x.ts';",
    'a re-export of all': "export * from './x.ts';",
    'a re-export of all under a name': "export * as a from './x.ts';",
    'a re-export over lines': "export {\n  a,\n} from './x.ts';",
    'an import behind a regular expression': "const q = /['\"`/]/;\nimport { a } from './x.ts';",
    'an import behind a division': "const q = a / b; const r = '/';\nimport { a } from './x.ts';",
    'an import behind a nested template': "const q = `a${`b${'}'}`}`;\nimport { a } from './x.ts';",
    'an import behind a shebang': "#!/usr/bin/env it's\nimport { a } from './x.ts';",
  };
  for (const [what, text] of Object.entries(seen))
    test(what, () => {
      assert.deepEqual(specifiers(text), ['./x.ts']);
      assert.deepEqual(readSource(text).unread, []);
    });

  test('but no import in a comment, in a text or in a name', () => {
    const text = `
      // import { a } from './x.ts';
      /* import './x.ts'; */
      const text = "import { a } from './x.ts'"; const other = \`export * from './x.ts'\`;
      const url = import.meta.url; const list = Array.from('abc'); object.import('./x.ts');
    `;

    assert.deepEqual(specifiers(text), []);
    assert.deepEqual(readSource(text).unread, []);
  });

  for (const text of [
    'await import(name);',
    "await import('./' + name);",
    'await import(`./${name}.ts`);',
    "require('fs');",
    "process.getBuiltinModule('fs');",
    'createRequire(import.meta.url);',
  ])
    test(`and says so where it cannot: ${text}`, () => {
      assert.equal(readSource(text).unread.length, 1);
    });

  test('counts neither blank lines nor comments, but the lines of a text', () => {
    assert.equal(
      readSource('// a\n\nconst a = 1; // b\n/* c\n d */\nconst b = `x\ny`;\n').codeLines,
      3,
    );
  });
});
