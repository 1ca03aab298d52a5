// YAML 1.2 core schema into plain data, with the place of every value. Strict: what two readers could read differently is refused.
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import type { Complaint, Path } from '../problem.ts';

interface Place {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

export interface YamlDocument {
  readonly value: unknown;
  readonly complaints: readonly (Complaint & Place)[];
  /** The place of a value, or of the nearest one around it that exists. */
  placeOf(path: Path): Place;
}

const MAX_BYTES = 1024 * 1024;
const MAX_ALIASES = 100;
const MAX_DEPTH = 32;
/** What is long in a configuration is a list. */
const MAX_KEYS = 1000;
const MAX_COMPLAINTS = 20;
const START: Place = { line: 1, column: 1 };

/** Parses a document; `value` means nothing when there are complaints. */
export function parseYaml(text: string): YamlDocument {
  if (Buffer.byteLength(text) > MAX_BYTES) {
    return refused({
      code: 'CONFIG_TOO_LARGE',
      what: `the file has more than ${String(MAX_BYTES)} bytes`,
      why: 'a configuration of that size is a mistake or an attack on the parser',
      fix: 'keep data out of it, such as key sets: refer to files',
    });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    strict: true,
    // The library holds each key against each other one: a large file would take minutes.
    uniqueKeys: false,
    stringKeys: true,
    merge: false,
    resolveKnownTags: false,
    prettyErrors: false,
    // Not `silent`: that hides a second document in the file.
    logLevel: 'error',
    lineCounter: lines,
  });
  const complaints = [...syntaxComplaints(document, lines), ...nodeComplaints(document, lines)];
  const placeOf = (path: Path) => placeIn(document, lines, path);
  if (complaints.length > 0) return { value: undefined, complaints, placeOf };
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    validateDepth(value, MAX_DEPTH);
    return { value, complaints, placeOf };
  } catch (cause) {
    return refused(yamlComplaint(cause instanceof Error ? cause.message : 'it cannot be read'));
  }
}

const refused = (complaint: Complaint): YamlDocument => ({
  value: undefined,
  complaints: [{ ...complaint, ...START }],
  placeOf: () => START,
});

const yamlComplaint = (what: string): Complaint => ({
  code: 'CONFIG_YAML',
  what,
  why: 'the file is read as one strict YAML 1.2 document with the core schema',
  fix: 'correct the YAML at this place; aliases must be few, tags and directives are not used',
});

// An alias inside its own anchor makes a value without an end.
function validateDepth(value: unknown, remaining: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (remaining === 0) throw new Error('the file is nested too deep, or an alias contains itself');
  for (const inner of Object.values(value)) validateDepth(inner, remaining - 1);
}

function syntaxComplaints(
  document: Document.Parsed,
  lines: LineCounter,
): readonly (Complaint & Place)[] {
  const { errors, warnings, directives } = document;
  // A warning is a tag that means nothing to us: another reader may give it a meaning.
  const found = [...errors, ...warnings].map(({ code, message, pos }) => ({
    ...yamlComplaint(QUOTING.get(code) ?? withoutQuotes(message)),
    ...placeAt(lines, pos[0]),
  }));
  if (directives.yaml.explicit && directives.yaml.version !== '1.2') {
    found.unshift({ ...yamlComplaint('a YAML version other than 1.2 is asked for'), ...START });
  }
  return found.slice(0, MAX_COMPLAINTS);
}

function nodeComplaints(
  document: Document.Parsed,
  lines: LineCounter,
): readonly (Complaint & Place)[] {
  const found: (Complaint & Place)[] = [];
  const complain = (what: string, node: unknown) =>
    found.push({ ...yamlComplaint(what), ...placeAt(lines, offsetOf(node) ?? 0) });
  const anchors = new Set<string | undefined>();
  visit(document, {
    Alias(_, alias) {
      if (!anchors.has(alias.source)) complain(NO_ANCHOR, alias);
    },
    Scalar: (_, { anchor }) => void anchors.add(anchor),
    Seq: (_, { anchor }) => void anchors.add(anchor),
    Map(_, map) {
      anchors.add(map.anchor);
      if (map.items.length > MAX_KEYS) complain(`a map has more than ${MAX_KEYS} keys`, map);
      for (const key of repeatedKeys(map)) complain('Map keys must be unique', key);
    },
  });
  return found.slice(0, MAX_COMPLAINTS);
}

function repeatedKeys({ items }: YAMLMap): readonly unknown[] {
  const seen = new Set<string>();
  return items
    .map(({ key }) => key)
    .filter((key) => {
      const name = isScalar(key) ? String(key.value) : '';
      const isRepeated = seen.has(name);
      seen.add(name);
      return isRepeated;
    });
}

const NO_ANCHOR = 'Unresolved alias (the anchor must be set before the alias)';

/** What the library says with a quotation in the middle of it. */
const QUOTING: ReadonlyMap<string, string> = new Map([
  ['BAD_DIRECTIVE', 'Unknown directive'],
  ['BAD_DQ_ESCAPE', 'Invalid escape sequence'],
  ['TAG_RESOLVE_FAILED', 'Unresolved tag'],
]);

/** What the library says, without what it quotes, which may be a misplaced secret, and without its advice to programmers. */
const withoutQuotes = (text: string): string => text.split(/\n|: |; /, 1)[0] ?? text;

function placeAt(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function placeIn(document: Document.Parsed, lines: LineCounter, path: Path): Place {
  let node: unknown = document.contents;
  let offset = offsetOf(node) ?? 0;
  for (const step of path) {
    const found = childOf(document, node, step);
    if (!found) break;
    offset = found.offset ?? offset;
    node = found.node;
  }
  return placeAt(lines, offset);
}

interface Child {
  readonly node: unknown;
  readonly offset: number | undefined;
}

const offsetOf = (node: unknown): number | undefined =>
  (node as Node | null | undefined)?.range?.[0];

function childOf(
  document: Document.Parsed,
  parent: unknown,
  step: string | number,
): Child | undefined {
  const node = resolved(document, parent);
  if (isSeq(node) && typeof step === 'number') {
    const item: unknown = node.items[step];
    return item === undefined ? undefined : { node: item, offset: offsetOf(item) };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
  return pair && { node: pair.value, offset: offsetOf(pair.key) };
}

function resolved(document: Document.Parsed, node: unknown): unknown {
  const isAlias =
    typeof node === 'object' && node !== null && 'source' in node && 'resolve' in node;
  return isAlias ? (node as { resolve(of: Document): unknown }).resolve(document) : node;
}
