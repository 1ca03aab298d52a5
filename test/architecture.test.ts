// Who may import whom, as data, and the proof that the checker sees what it must.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, test } from 'node:test';
import {
  type Destination,
  type FileMap,
  findCycle,
  type Import,
  readSource,
  resolveImport,
  type Source,
} from '#test/support/architecture.ts';

interface Layer {
  /** Folders and files it may import besides itself. */
  readonly imports: readonly string[];
  readonly packages: readonly string[];
  /** Packages of which it may import types only. */
  readonly typePackages?: readonly string[];
  readonly isPure?: boolean;
}

const layer = (imports: readonly string[], packages: readonly string[] = []): Layer => ({
  imports,
  packages,
});

const BRIDGE_FOLDERS = ['xml', 'soap', 'saml', 'ws-security', 'ws-trust', 'ws-federation'].map(
  (name) => `bridge/${name}`,
);
const SRC_FOLDERS = [
  'core',
  'tokens',
  'trust',
  'keys',
  'store',
  'users',
  'audit',
  'oauth',
  'config',
  'http',
  'telemetry',
  'limits',
  'workers',
].map((name) => `src/${name}`);

const LAYERS: Readonly<Record<string, Layer>> = {
  'src/core': { ...layer([]), isPure: true },
  'src/tokens': layer(['src/core'], ['jose']),
  'src/trust': layer(['src/core'], ['jose']),
  'src/keys': layer(['src/core'], ['jose']),
  'src/store': layer(['src/core'], ['redis', 'ioredis']),
  'src/users': layer(['src/core']),
  'src/audit': layer(['src/core']),
  'src/limits': layer(['src/core']),
  'src/workers': layer(['src/core']),
  'src/oauth': { ...layer(['src/core'], ['oidc-provider']), typePackages: ['koa'] },
  'src/config': layer(['src/core'], ['zod', 'yaml', '@marcbachmann/cel-js']),
  'src/http': layer(['src/core'], ['koa', 'koa-compose']),
  'src/telemetry': layer(['src/core'], ['pino']),
  // Commands that work on files (a key, an audit, a password hash) use those folders as they are.
  'src/cli': layer([
    'src/app.ts',
    'src/app',
    'src/config',
    'src/core',
    'src/keys',
    'src/audit',
    'src/users',
  ]),
  'src/app.ts': { ...layer([...SRC_FOLDERS, 'src/app', 'bridge/index.ts']), typePackages: ['koa'] },
  'src/app': {
    ...layer([...SRC_FOLDERS, 'src/app.ts', 'bridge/index.ts']),
    typePackages: ['koa'],
  },
  'src/main.ts': layer(['src/cli']),
  'bridge/xml': layer([]),
  'bridge/soap': layer(['src/core', 'bridge/xml']),
  'bridge/saml': layer(['src/core', 'bridge/xml', 'bridge/soap']),
  'bridge/ws-security': layer(['src/core', 'bridge/xml', 'bridge/soap']),
  'bridge/ws-trust': layer(['src/core', 'bridge/xml', 'bridge/soap', 'bridge/ws-security']),
  'bridge/ws-federation': layer(['src/core', 'bridge/xml', 'bridge/soap', 'bridge/ws-trust']),
  'bridge/index.ts': layer(['src/core', ...BRIDGE_FOLDERS]),
};

/** Only these make a validated token: whoever else could, could skip validation. */
const VALIDATORS = [
  'src/core/',
  'src/tokens/',
  'src/users/',
  'bridge/saml/',
  'bridge/ws-security/',
  'src/trust/x509/x509-validator.ts',
];
const BRAND_FILE = 'src/core/token/security-token.ts';
const MAX_CODE_LINES = 300;
const MAX_FOLDER_FILES = 12;
const FORBIDDEN_NAME = /^(utils?|helpers?|common|shared|types|lib|misc|data|services|managers?)$/;
const BARREL = 'bridge/index.ts';
/** Names that reach the world without an import. */
const WORLD =
  /(?<![.\w$'])(process|Buffer|fetch|console|globalThis|setTimeout|setInterval|setImmediate|queueMicrotask|Date|crypto|performance|eval|Function)\b(?!\s*\??:)/;

function layerOf(file: string): string {
  return file in LAYERS ? file : file.split('/').slice(0, 2).join('/');
}

type Aliases = Readonly<Record<string, string>>;

interface Read {
  readonly file: string;
  readonly source: Source;
  readonly imports: readonly Resolved[];
}

function read(files: FileMap, aliases: Aliases): readonly Read[] {
  return Array.from(files, ([file, text]) => {
    const source = readSource(text);
    const imports = source.imports.map((found) => ({
      ...found,
      to: resolveImport(found.specifier, file, aliases),
    }));
    return { file, source, imports };
  });
}

type Resolved = Import & { readonly to: Destination };

function badPackage(allowed: Layer, name: string, isTypeOnly: boolean): string | undefined {
  if (allowed.packages.includes(name)) return undefined;
  if (isTypeOnly && allowed.typePackages?.includes(name)) return undefined;
  return 'may not import this package';
}

function badBuiltin(allowed: Layer, name: string): string | undefined {
  if (allowed.isPure) return 'is pure and imports a module of Node';
  return name.startsWith('node:') ? undefined : 'imports a module of Node without node:';
}

function badFile(own: string, target: string, specifier: string): string | undefined {
  if (target === own)
    return specifier.startsWith('#') ? 'imports its own folder by an alias' : undefined;
  if (!LAYERS[own]?.imports.includes(target)) return 'may not import this folder';
  return specifier.startsWith('..') ? 'leaves its folder by a relative path' : undefined;
}

function badDestination(file: string, { to, isTypeOnly, specifier }: Resolved): string | undefined {
  const own = layerOf(file);
  const allowed = LAYERS[own];
  if (!allowed) return undefined;
  if ('builtin' in to) return badBuiltin(allowed, to.builtin);
  if ('package' in to) return badPackage(allowed, to.package, isTypeOnly);
  return badFile(own, layerOf(to.file), specifier);
}

function mayMake(file: string, { to, clause }: Resolved): boolean {
  const isMaker = 'file' in to && to.file === BRAND_FILE && /\bacceptToken\b|\*/.test(clause);
  return !isMaker || VALIDATORS.some((prefix) => file.startsWith(prefix));
}

function badName(file: string): boolean {
  const [name = '', ...folders] = file.split('/').toReversed();
  const stem = name.replace(/\..*$/, '');
  const isCode = name.endsWith('.ts') && !/\.(d|test|spec)\.ts$/.test(name);
  return (
    !isCode ||
    [...folders, stem, stem.split('-').at(-1) ?? ''].some((word) => FORBIDDEN_NAME.test(word))
  );
}

/** What the code says that no file but the named one may say. */
const FORBIDDEN_CODE: readonly (readonly [RegExp, string, string?])[] = [
  [/\bexport\s+default\b|\bas\s+default\b/, 'has a default export'],
  [/\bas\s+ValidatedToken\b/, 'makes a validated token by a cast', BRAND_FILE],
];

function badCode(file: string, { skeleton, codeLines, unread }: Source): readonly string[] {
  const forbidden = FORBIDDEN_CODE.flatMap(([pattern, problem, home]) =>
    file !== home && pattern.test(skeleton) ? [problem] : [],
  );
  const world = LAYERS[layerOf(file)]?.isPure ? WORLD.exec(skeleton) : undefined;
  if (world) forbidden.push(`reaches the world by ${world[1] ?? ''}`);
  if (codeLines > MAX_CODE_LINES) forbidden.push(`has ${codeLines} code lines`);
  return [...forbidden, ...unread];
}

function badPlace(file: string, imports: readonly Resolved[]): readonly string[] {
  const isBarrel =
    imports.some(({ kind }) => kind === 'export') || posix.basename(file) === 'index.ts';
  const problems: string[] = [];
  if (!(layerOf(file) in LAYERS)) problems.push('is in no known folder');
  if (badName(file)) problems.push('has a name that is not allowed');
  if (isBarrel && file !== BARREL) problems.push('is a barrel');
  return problems;
}

function badImport(file: string, found: Resolved): readonly string[] {
  const isFalseMaker = !mayMake(file, found) && 'is no validator and imports acceptToken';
  const problem = badDestination(file, found) ?? isFalseMaker;
  return problem ? [`${problem}: ${found.specifier}`] : [];
}

function violationsIn({ file, source, imports }: Read): readonly string[] {
  const problems = [
    ...badPlace(file, imports),
    ...badCode(file, source),
    ...imports.flatMap((found) => badImport(file, found)),
  ];
  return problems.map((problem) => `${file} ${problem}`);
}

/** Folders with more files of their own than one takes in at a glance. */
function fullFolders(files: FileMap): readonly string[] {
  const folders = Map.groupBy(files.keys(), (file) => posix.dirname(file));
  return [...folders]
    .filter(([, { length }]) => length > MAX_FOLDER_FILES)
    .map(([folder, { length }]) => `${folder} has ${length} files`);
}

/** Every broken rule of a tree, one line each. */
function check(files: FileMap, aliases: Aliases): readonly string[] {
  const all = read(files, aliases);
  const graph = new Map(
    all.map(({ file, imports }) => [
      file,
      imports.flatMap(({ to }) => ('file' in to ? [to.file] : [])),
    ]),
  );
  const cycle = findCycle(graph);
  return [
    ...all.flatMap(violationsIn),
    ...fullFolders(files),
    ...(cycle ? [`import cycle: ${cycle.join(' → ')}`] : []),
  ];
}

/** Folders of the table that exist and of which no file was seen. */
function unseenIn(files: FileMap, exists: (name: string) => boolean): readonly string[] {
  const seen = new Set(Array.from(files.keys(), layerOf));
  return Object.keys(LAYERS).filter((name) => exists(name) && !seen.has(name));
}

const ROOT = new URL('..', import.meta.url);
const { imports: ALIASES, dependencies: PACKAGES } = JSON.parse(
  readFileSync(new URL('package.json', ROOT), 'utf8'),
) as { imports: Aliases; dependencies: Readonly<Record<string, string>> };

function loadTree(): FileMap {
  const files = ['src', 'bridge'].flatMap((top) =>
    readdirSync(new URL(top, ROOT), { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) =>
        posix.join(entry.parentPath.slice(ROOT.pathname.length).replaceAll('\\', '/'), entry.name),
      ),
  );
  return new Map(files.map((file) => [file, readFileSync(new URL(file, ROOT), 'utf8')]));
}

describe('architecture', () => {
  const files = loadTree();

  test('the import table holds for every file', () => {
    assert.deepEqual(check(files, ALIASES), []);
  });

  test('every file of the tree was seen, in every folder of the table that exists', () => {
    assert.ok(files.size > 50, `only ${files.size} files were seen`);
    assert.deepEqual(
      unseenIn(files, (name) => existsSync(new URL(name, ROOT))),
      [],
    );
    const imports = [...files.values()].flatMap((text) => readSource(text).imports);
    assert.ok(imports.length > files.size, `only ${imports.length} imports were seen`);
    for (const known of ['./failure.ts', '#core/failure.ts', 'node:crypto', 'oidc-provider'])
      assert.ok(
        imports.some(({ specifier }) => specifier === known),
        `no import of ${known} was seen`,
      );
  });

  test('a package has one home: jose has three, of koa the OAuth front knows the types', () => {
    const homes = Map.groupBy(
      Object.entries(LAYERS).flatMap(([name, { packages }]) =>
        packages.map((one) => ({ one, name })),
      ),
      ({ one }) => one,
    );

    const shared = [...homes].filter(([, places]) => places.length > 1).map(([one]) => one);

    assert.deepEqual(shared, ['jose']);
  });

  test('a package that may be imported is there in production, and every one of those has a home', () => {
    const allowed = Object.values(LAYERS).flatMap(({ packages }) => packages);

    assert.deepEqual([...new Set(allowed)].toSorted(), Object.keys(PACKAGES).toSorted());
  });
});

describe('the checker finds planted violations', () => {
  const planted = (file: string, text: string, others: Readonly<Record<string, string>> = {}) =>
    check(new Map([[file, text], ...Object.entries(others)]), ALIASES);

  const refused: readonly (readonly [string, string, RegExp])[] = [
    ['src/core/a.ts', "import { readFile } from 'node:fs';", /module of Node/],
    ['src/core/a.ts', "import { z } from 'zod';", /may not import this package/],
    [
      'src/core/a.ts',
      "import type { Config } from '#src/config/config.ts';",
      /may not import this folder/,
    ],
    ['src/core/a.ts', "export { x } from '../store/x.ts';", /may not import this folder/],
    ['src/core/a.ts', 'export const now = () => Date.now();', /reaches the world by Date/],
    ['src/core/a.ts', 'export const a = process.env;', /reaches the world by process/],
    ['src/oauth/a.ts', "import { a } from '#src/tokens/jwt/a.ts';", /may not import this folder/],
    ['src/oauth/a.ts', "import type { A } from '#bridge/xml/a.ts';", /may not import this folder/],
    ['src/oauth/a.ts', "const a = await import('#bridge');", /may not import this folder/],
    ['src/oauth/a.ts', "import Koa from 'koa';", /may not import this package/],
    [
      'src/oauth/grants/a.ts',
      "import { a } from '../../trust/a.ts';",
      /may not import this folder/,
    ],
    ['src/oauth/a.ts', "import { a } from '../core/a.ts';", /relative path/],
    ['src/oauth/a.ts', "import { a } from '#src/oauth/b.ts';", /own folder by an alias/],
    ['src/oauth/a.ts', "import { a } from '#test/support/core.ts';", /may not import this folder/],
    ['src/oauth/a.ts', "import { a } from '#unknown/a.ts';", /may not import this folder/],
    ['src/keys/a.ts', "import { a } from 'fs/promises';", /without node:/],
    [
      'src/tokens/jwt/a.ts',
      "import { a } from 'oidc-provider/lib/a.js';",
      /may not import this package/,
    ],
    ['src/audit/a.ts', "import {\n  a,\n} from 'jose';", /may not import this package/],
    ['src/cli/a.ts', "import { a } from '#src/store/a.ts';", /may not import this folder/],
    ['src/app.ts', "import { a } from '#src/cli/a.ts';", /may not import this folder/],
    ['src/app.ts', "import { a } from '#bridge/xml/a.ts';", /may not import this folder/],
    ['src/main.ts', "import { a } from '#src/app.ts';", /may not import this folder/],
    ['bridge/xml/a.ts', "import type { A } from '#core/failure.ts';", /may not import this folder/],
    [
      'bridge/saml/a.ts',
      "import { a } from '#bridge/ws-trust/a.ts';",
      /may not import this folder/,
    ],
    ['bridge/xml/a.ts', "import { a } from 'saxes';", /may not import this package/],
    ['bridge/index.ts', "import { a } from '#src/oauth/a.ts';", /may not import this folder/],
    ['src/unknown/a.ts', '', /in no known folder/],
    ['src/other.ts', '', /in no known folder/],
    ['bridge/other/a.ts', '', /in no known folder/],
    ['src/core/utils/a.ts', '', /name that is not allowed/],
    ['src/core/text-helpers.ts', '', /name that is not allowed/],
    ['src/core/types.ts', '', /name that is not allowed/],
    ['src/core/a.js', '', /name that is not allowed/],
    ['src/core/a.d.ts', '', /name that is not allowed/],
    ['src/core/a.ts', "export { b } from './b.ts';", /is a barrel/],
    ['src/core/a.ts', "export * from './b.ts';", /is a barrel/],
    ['src/core/index.ts', '', /is a barrel/],
    ['src/core/a.ts', 'export default 1;', /default export/],
    ['src/core/a.ts', 'const a = 1;\nexport { a as default };', /default export/],
    ['src/core/a.ts', 'a();\n'.repeat(301), /301 code lines/],
    ['src/core/a.ts', 'await import(name);', /cannot be read/],
    [
      'src/trust/a.ts',
      "import { acceptToken } from '#core/token/security-token.ts';",
      /no validator/,
    ],
    [
      'src/oauth/front.ts',
      "import {\n  acceptToken as a,\n} from '#core/token/security-token.ts';",
      /no validator/,
    ],
    [
      'bridge/ws-trust/a.ts',
      "import * as tokens from '#core/token/security-token.ts';",
      /no validator/,
    ],
    [
      'src/app.ts',
      "const { acceptToken } = await import('#core/token/security-token.ts');",
      /no validator/,
    ],
    ['src/oauth/a.ts', 'export const a = (facts: object) => facts as ValidatedToken;', /by a cast/],
  ];
  for (const [file, text, violation] of refused)
    test(`${file}: ${text.split('\n').slice(0, 2).join(' ')}`, () => {
      const found = planted(file, text);

      assert.equal(found.filter((line) => violation.test(line)).length, 1, found.join('\n'));
    });

  const allowed: readonly (readonly [string, string])[] = [
    [
      'src/core/a.ts',
      "import { b } from './b.ts';\n// Date and process may be spoken of\nexport const c = { process: b.Date };",
    ],
    [
      'src/oauth/a.ts',
      "import type { Context } from 'koa';\nimport { Provider } from 'oidc-provider';",
    ],
    ['src/oauth/grants/a.ts', "import { a } from '../b.ts';\nimport { b } from '#core/b.ts';"],
    ['src/users/a.ts', "import { acceptToken } from '#core/token/security-token.ts';"],
    [
      'src/oauth/a.ts',
      "import { SELF, type ValidatedToken } from '#core/token/security-token.ts';",
    ],
    ['src/app.ts', "import { createBridge } from '#bridge';\nimport { a } from '#src/oauth/a.ts';"],
    ['src/main.ts', "const a = await import('./cli/a.ts');"],
    ['bridge/index.ts', "export { a } from './saml/a.ts';\nimport { b } from '#bridge/xml/b.ts';"],
    ['src/core/a.ts', 'a();\n'.repeat(300)],
  ];
  for (const [file, text] of allowed)
    test(`lets pass ${file}: ${text.split('\n')[0] ?? ''}`, () => {
      assert.deepEqual(planted(file, text), []);
    });

  test('an import cycle, of types alone too', () => {
    const others = {
      'src/core/b.ts': "import { c } from './c.ts';",
      'src/core/c.ts': "import type { A } from './a.ts';",
    };

    const found = planted('src/core/a.ts', "import type { B } from './b.ts';", others);

    assert.deepEqual(found, [
      'import cycle: src/core/a.ts → src/core/b.ts → src/core/c.ts → src/core/a.ts',
    ]);
  });

  test('a scan that saw nothing, and a folder that it left out', () => {
    const exists = (name: string) => name === 'src/core' || name === 'src/app.ts';

    assert.deepEqual(unseenIn(new Map(), exists), ['src/core', 'src/app.ts']);
    assert.deepEqual(unseenIn(new Map([['src/core/a.ts', '']]), exists), ['src/app.ts']);
  });

  test('a folder of more than twelve files', () => {
    const others = Array.from({ length: 12 }, (_, index) => [`src/core/b${index}.ts`, ''] as const);

    assert.deepEqual(planted('src/core/a.ts', '', Object.fromEntries(others)), [
      'src/core has 13 files',
    ]);
    assert.deepEqual(planted('src/core/c/a.ts', '', Object.fromEntries(others)), []);
  });

  test('an import of itself', () => {
    assert.equal(planted('src/core/a.ts', "import { a } from './a.ts';").length, 1);
  });
});
