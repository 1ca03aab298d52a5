// Reads which file imports what, without the compiler: a checker that shares no code with the tools it stands in for.
import { builtinModules } from 'node:module';
import { posix } from 'node:path';

/** Path below the root, with `/`, to text. */
export type FileMap = ReadonlyMap<string, string>;

export interface Import {
  readonly specifier: string;
  /** What stands between `import` and `from`. */
  readonly clause: string;
  readonly kind: 'import' | 'export' | 'dynamic';
  readonly isTypeOnly: boolean;
}

export interface Source {
  readonly imports: readonly Import[];
  /** Lines that are neither blank nor comment. */
  readonly codeLines: number;
  /** The code without comments, texts replaced by `§number§`. */
  readonly skeleton: string;
  /** What looks like an import and could not be read. */
  readonly unread: readonly string[];
}

interface Scan {
  readonly text: string;
  readonly strings: string[];
  out: string;
  at: number;
}

const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|case|typeof|in|of|yield|await))\s*$/;

function keepString(scan: Scan, content: string): void {
  scan.out += `§${scan.strings.push(content) - 1}§${'\n'.repeat(content.split('\n').length - 1)}`;
}

function readQuoted(scan: Scan, quote: string): void {
  const start = ++scan.at;
  while (scan.at < scan.text.length && scan.text[scan.at] !== quote)
    scan.at += scan.text[scan.at] === '\\' ? 2 : 1;
  keepString(scan, scan.text.slice(start, scan.at++));
}

function readTemplate(scan: Scan): void {
  let start = ++scan.at;
  while (scan.at < scan.text.length && scan.text[scan.at] !== '`') {
    if (scan.text.startsWith('${', scan.at)) {
      keepString(scan, scan.text.slice(start, scan.at));
      scan.at += 2;
      // What is computed inside a text is code: an import may hide in it.
      scan.out += '+(';
      readCode(scan, '}');
      scan.out += ')+';
      start = scan.at;
    } else scan.at += scan.text[scan.at] === '\\' ? 2 : 1;
  }
  keepString(scan, scan.text.slice(start, scan.at++));
}

function readRegex(scan: Scan): void {
  let isInClass = false;
  for (scan.at += 1; scan.at < scan.text.length; scan.at += 1) {
    const character = scan.text[scan.at];
    if (character === '\\') scan.at += 1;
    else if (character === '[') isInClass = true;
    else if (character === ']') isInClass = false;
    else if (character === '/' && !isInClass) break;
  }
  scan.at += 1;
  scan.out += '0';
}

function skipComment(scan: Scan, end: string): void {
  const stop = scan.text.indexOf(end, scan.at + 2);
  const next = stop < 0 ? scan.text.length : stop + (end === '\n' ? 0 : end.length);
  scan.out += ` ${'\n'.repeat(scan.text.slice(scan.at, next).split('\n').length - 1)}`;
  scan.at = next;
}

/** Reads one thing that is not plain code, if one stands here. */
function readSpecial(scan: Scan): boolean {
  const pair = scan.text.slice(scan.at, scan.at + 2);
  const character = pair.charAt(0);
  if (pair === '//') skipComment(scan, '\n');
  else if (pair === '/*') skipComment(scan, '*/');
  else if (character === "'" || character === '"') readQuoted(scan, character);
  else if (character === '`') readTemplate(scan);
  else if (character === '/' && BEFORE_REGEX.test(scan.out.slice(-40))) readRegex(scan);
  else return false;
  return true;
}

function readCode(scan: Scan, until: string | undefined): void {
  let depth = 0;
  while (scan.at < scan.text.length) {
    const character = scan.text.charAt(scan.at);
    if (character === until && depth === 0) {
      scan.at += 1;
      return;
    }
    if (readSpecial(scan)) continue;
    if (character === '{') depth += 1;
    if (character === '}') depth -= 1;
    scan.out += character;
    scan.at += 1;
  }
}

const STATIC =
  /(?<![.\w$])(import|export)(\s+type(?=[\s{*]))?\s*([\w$\s{},*]*?)\s*\bfrom\s*§(\d+)§/g;
const SIDE_EFFECT = /(?<![.\w$])import\s*§(\d+)§/g;
const DYNAMIC = /(?<![.\w$])import\s*\(\s*§(\d+)§\s*[,)]/g;

/** The imports of one file, and what could not be read. */
export function readSource(text: string): Source {
  const scan: Scan = { text: text.replace(/^#!.*/, ''), strings: [], out: '', at: 0 };
  readCode(scan, undefined);
  const skeleton = scan.out;
  const named = (index: string | undefined) => scan.strings[Number(index)] ?? '';
  const imports: Import[] = [
    ...Array.from(
      skeleton.matchAll(STATIC),
      ([, word, type, clause = '', index]): Import => ({
        specifier: named(index),
        clause,
        kind: word === 'export' ? 'export' : 'import',
        isTypeOnly: type !== undefined,
      }),
    ),
    ...Array.from(
      skeleton.matchAll(SIDE_EFFECT),
      ([, index]): Import => ({
        specifier: named(index),
        clause: '',
        kind: 'import',
        isTypeOnly: false,
      }),
    ),
    ...Array.from(
      skeleton.matchAll(DYNAMIC),
      ([, index]): Import => ({
        specifier: named(index),
        clause: '*',
        kind: 'dynamic',
        isTypeOnly: false,
      }),
    ),
  ];
  return {
    imports,
    codeLines: skeleton.split('\n').filter((line) => line.trim() !== '').length,
    skeleton,
    unread: unreadIn(skeleton, imports),
  };
}

const LOADER =
  /(?<![.\w$])(require|createRequire)\b|\bgetBuiltinModule\b|\bimport\s*\.\s*meta\s*\.\s*resolve\b/;

/** Counts the words again in a plainer way: what the patterns above miss must not pass in silence. */
function unreadIn(skeleton: string, imports: readonly Import[]): readonly string[] {
  const count = (pattern: RegExp) => [...skeleton.matchAll(pattern)].length;
  const importWords = count(/(?<![.\w$])import\b(?!\s*\.\s*meta\b)(?!\s*:)/g);
  const fromWords = count(/(?<![.\w$])from\s*§/g);
  const found = imports.filter(({ kind }) => kind !== 'export').length;
  const foundFrom = imports.filter(
    ({ kind, clause }) => kind !== 'dynamic' && clause !== '',
  ).length;
  const unread: string[] = [];
  if (importWords !== found) unread.push('an import that cannot be read');
  if (fromWords !== foundFrom) unread.push('an origin that cannot be read');
  const loader = LOADER.exec(skeleton);
  if (loader) unread.push(`${loader[0]} loads what the checker cannot see`);
  return unread;
}

/** Where an import leads: a file of ours, a package, or a module of Node. */
export type Destination =
  | { readonly file: string }
  | { readonly package: string }
  | { readonly builtin: string };

/** Resolves a specifier as Node does, with the `imports` of package.json. */
export function resolveImport(
  specifier: string,
  from: string,
  aliases: Readonly<Record<string, string>>,
): Destination {
  if (specifier.startsWith('.')) return { file: posix.join(posix.dirname(from), specifier) };
  if (specifier.startsWith('#')) return { file: resolveAlias(specifier, aliases) };
  if (specifier.startsWith('node:')) return { builtin: specifier };
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  return builtinModules.includes(name) ? { builtin: specifier } : { package: name };
}

function resolveAlias(specifier: string, aliases: Readonly<Record<string, string>>): string {
  const exact = aliases[specifier];
  if (exact !== undefined) return posix.normalize(exact);
  const patterns = Object.keys(aliases)
    .filter((alias) => alias.endsWith('*') && specifier.startsWith(alias.slice(0, -1)))
    .sort((left, right) => right.length - left.length);
  const [pattern] = patterns;
  if (pattern === undefined) return `unknown alias ${specifier}`;
  const rest = specifier.slice(pattern.length - 1);
  return posix.normalize((aliases[pattern] ?? '').replace('*', () => rest));
}

/** The first import cycle, as a path, or undefined. */
export function findCycle(
  graph: ReadonlyMap<string, readonly string[]>,
): readonly string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): readonly string[] | undefined => {
    const start = path.indexOf(file);
    if (start >= 0) return [...path.slice(start), file];
    if (done.has(file)) return undefined;
    path.push(file);
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const cycle = visit(file);
    if (cycle) return cycle;
  }
  return undefined;
}
