// Overrides from the environment: VIADUCT__LOG__LEVEL=warn sets log.level. Single values only; lists and secrets stay in the file.
import { z } from 'zod';
import { type Complaint, formatPath, type Path } from './problem.ts';
import { schemaAt, shapeOf, unwrap } from './schema-walk.ts';
import { nearest } from './spelling.ts';

const PREFIX = 'VIADUCT__';

export interface Overridden {
  readonly value: unknown;
  /** The variable that set a path, by `formatPath`. */
  readonly variables: ReadonlyMap<string, string>;
  readonly complaints: readonly { readonly variable: string; readonly complaint: Complaint }[];
}

interface Setting {
  readonly variable: string;
  readonly text: string;
}

/** Lays the overrides over a document. */
export function applyEnvironment(
  document: unknown,
  schema: z.ZodType,
  env: Readonly<Record<string, string | undefined>>,
): Overridden {
  const variables = new Map<string, string>();
  const complaints: { variable: string; complaint: Complaint }[] = [];
  let value = document;
  for (const { variable, text } of settingsOf(env)) {
    const found = resolvePath(schema, variable.slice(PREFIX.length).split('__'));
    if ('complaint' in found) {
      complaints.push({ variable, complaint: found.complaint });
    } else {
      value = withValue(value, found.path, scalarOf(text, found.schema));
      variables.set(formatPath(found.path), variable);
    }
  }
  return { value, variables, complaints };
}

const settingsOf = (env: Readonly<Record<string, string | undefined>>): readonly Setting[] =>
  Object.entries(env).flatMap(([variable, text]) =>
    variable.startsWith(PREFIX) && text !== undefined ? [{ variable, text }] : [],
  );

type Resolution =
  | { readonly path: Path; readonly schema: z.ZodType }
  | { readonly complaint: Complaint };

const plain = (name: string): string => name.toLowerCase().replaceAll('_', '');

function resolvePath(schema: z.ZodType, words: readonly string[]): Resolution {
  const path: string[] = [];
  for (const word of words) {
    const at = schemaAt(schema, path);
    const known = at ? [...shapeOf(at).keys()] : [];
    const key = known.find((name) => plain(name) === plain(word));
    if (key === undefined) return { complaint: unknownKey(word, known) };
    path.push(key);
  }
  const found = schemaAt(schema, path);
  return found && isScalar(found) ? { path, schema: found } : { complaint: notScalar(path) };
}

function isScalar(schema: z.ZodType): boolean {
  const inner = unwrap(schema);
  return [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodEnum, z.ZodLiteral].some(
    (scalar) => inner instanceof scalar,
  );
}

// A text that does not fit stays text: the schema says what is wrong with it.
function scalarOf(text: string, schema: z.ZodType): string | number | boolean {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodNumber && /^-?\d+$/.test(text)) return Number(text);
  if (inner instanceof z.ZodBoolean && (text === 'true' || text === 'false'))
    return text === 'true';
  if (inner instanceof z.ZodLiteral) {
    const same = [...inner.values].find((value) => String(value) === text);
    return typeof same === 'number' || typeof same === 'boolean' ? same : text;
  }
  return text;
}

function withValue(document: unknown, path: Path, value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  const isMap = typeof document === 'object' && document !== null && !Array.isArray(document);
  const map = isMap ? (document as Record<string, unknown>) : {};
  // Spread keeps an own `__proto__` an own key; the schema refuses it.
  return { ...map, [step]: withValue(map[step], rest, value) };
}

function unknownKey(word: string, known: readonly string[]): Complaint {
  const meant = nearest(word, known);
  return {
    code: 'CONFIG_UNKNOWN_KEY',
    what: `there is no key ${word}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    why: 'variables that begin with VIADUCT__ set keys of the configuration, two underscores between them',
    fix: `rename or remove the variable${known.length > 0 ? `; known here: ${known.join(', ')}` : ''}`,
  };
}

const notScalar = (path: Path): Complaint => ({
  code: 'CONFIG_WRONG_TYPE',
  what: `${formatPath(path)} is not a single value`,
  why: 'the environment sets texts, numbers and switches; lists, maps and secrets stay in the file',
  fix: 'set it in the file',
});
