// What the schema refuses, told as problems with a reason and a cure. Values are never quoted: one may be a misplaced secret.
import { z } from 'zod';
import type { Complaint, Path } from './problem.ts';
import { descriptionAt, keysOf, openForms, schemaAt, shapeOf } from './schema-walk.ts';
import { nearest } from './spelling.ts';

export interface PlacedComplaint {
  readonly path: Path;
  readonly complaint: Complaint;
}

type Issue = z.core.$ZodIssue;

/** All complaints of a schema about a value. */
export function schemaComplaints(schema: z.ZodType, value: unknown): readonly PlacedComplaint[] {
  const parsed = schema.safeParse(value);
  if (parsed.success) return [];
  const found = parsed.error.issues.flatMap((issue) => {
    const complaints = complaintsOf(issue, { schema, value });
    // A refusal that nobody is told of would be none: what it is about would be left out, and the rest taken.
    return complaints.length > 0 ? complaints : [{ path: pathOf(issue.path), complaint: INVALID }];
  });
  // One complaint for one place: what follows from the first is noise.
  const places = new Set<string>();
  return found.filter(({ path, complaint }) => {
    const place = JSON.stringify([path, complaint.code === 'CONFIG_CONFLICT' && complaint.what]);
    return !places.has(place) && places.add(place);
  });
}

const INVALID: Complaint = {
  code: 'CONFIG_INVALID_VALUE',
  what: 'is not valid',
  why: 'the format of the file is fixed',
  fix: 'correct the value; config/schema.json has the format',
};

interface Parsing {
  readonly schema: z.ZodType;
  readonly value: unknown;
}

function complaintsOf(issue: Issue, parsing: Parsing): readonly PlacedComplaint[] {
  const path = pathOf(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      complaint: unknownKey(key, path, parsing),
    }));
  }
  if (issue.code === 'invalid_union' && 'options' in issue)
    return [{ path, complaint: noneOfThem(issue.options ?? [], path, parsing) }];
  if (issue.code === 'invalid_union') return unionComplaints(issue, path, parsing);
  return [{ path, complaint: complaintOf(issue, path, parsing) }];
}

const pathOf = (path: readonly PropertyKey[]): Path =>
  path.map((step) => (typeof step === 'number' ? step : String(step)));

function unknownKey(key: string, path: Path, { schema }: Parsing): Complaint {
  const at = schemaAt(schema, path);
  const known = at ? keysOf(at) : [];
  const meant = nearest(key, known);
  const others = known.length > 0 ? `known here: ${known.join(', ')}` : 'none is known here';
  return {
    code: 'CONFIG_UNKNOWN_KEY',
    what: `there is no key ${key} here${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    why: 'a key that nobody reads would be a setting that silently does nothing',
    fix: meant === undefined ? `remove it; ${others}` : `write ${meant}`,
  };
}

/** The key that tells which of several forms a map has is missing, or names none of them. */
const noneOfThem = (choices: readonly unknown[], path: Path, { schema, value }: Parsing) =>
  choiceComplaint(choices, {
    path,
    schema,
    value,
    why: descriptionAt(schema, path) ?? INVALID.why,
  });

// Of `one or a list of`, the branch that has the form of the value tells what is wrong.
function unionComplaints(
  issue: Issue & { code: 'invalid_union' },
  path: Path,
  parsing: Parsing,
): readonly PlacedComplaint[] {
  const branch = issue.errors.find((issues) => issues.some((inner) => inner.path.length > 0));
  const fallback = issue.errors.find((issues) =>
    issues.some((inner) => inner.code !== 'invalid_type'),
  );
  const inner = branch ?? fallback ?? issue.errors[0] ?? [];
  return inner.flatMap((each) =>
    complaintsOf({ ...each, path: [...path, ...each.path] } as Issue, parsing),
  );
}

function complaintOf(issue: Issue, path: Path, { schema, value }: Parsing): Complaint {
  const why = descriptionAt(schema, path) ?? INVALID.why;
  if (issue.code === 'custom') return customComplaint(issue, why);
  if (issue.code === 'invalid_type')
    return typeComplaint(issue.expected, { path, schema, value, why });
  if (issue.code === 'invalid_value')
    return choiceComplaint(issue.values, { path, schema, value, why });
  if (issue.code === 'too_small' || issue.code === 'too_big') return rangeComplaint(issue, why);
  return { ...INVALID, why };
}

function customComplaint({ params, message }: Issue & { code: 'custom' }, why: string): Complaint {
  const given = params as Complaint | undefined;
  return given ?? { code: 'CONFIG_INVALID_VALUE', what: message, why, fix: 'correct the value' };
}

interface Place {
  readonly path: Path;
  readonly value: unknown;
  readonly why: string;
}

/** A map by its keys; of a reference it is one of them. */
function mapWanted(keys: readonly string[]): string | undefined {
  if (keys.join() === 'file,env') return '{ file: … } or { env: … }';
  return keys.length > 0 ? `a map with ${keys.join(', ')}` : undefined;
}

function typeComplaint(expected: string, place: Place & Parsing): Complaint {
  const { path, schema, value, why } = place;
  const found = valueAt(value, path);
  const at = schemaAt(schema, path);
  const wanted = mapWanted(at ? [...shapeOf(at).keys()] : []) ?? NAMES[expected] ?? expected;
  if (found === undefined) {
    return { code: 'CONFIG_MISSING', what: 'is missing', why, fix: `add it, ${wanted}` };
  }
  return {
    code: 'CONFIG_WRONG_TYPE',
    what: `is ${typeName(found)} and must be ${wanted}`,
    why,
    fix: `write ${wanted}`,
  };
}

/** How the forms of a value beside its words are called. */
const formNames = (schema: z.ZodType | undefined): readonly string[] =>
  (schema ? openForms(schema) : []).map(
    (form) => mapWanted([...shapeOf(form).keys()]) ?? NAMES[nameOfForm(form)] ?? form.type,
  );

const nameOfForm = (form: z.ZodType): string =>
  form instanceof z.ZodNumber && form.isInt ? 'int' : form.type;

function choiceComplaint(choices: readonly unknown[], place: Place & Parsing): Complaint {
  const { path, schema, value, why } = place;
  const words = choices.map(String);
  const found = valueAt(value, path);
  const all = [...words, ...formNames(schemaAt(schema, path))];
  const known = all.join(', ');
  const wanted = all.length === 1 ? known : `one of ${known}`;
  if (found === undefined)
    return { code: 'CONFIG_MISSING', what: 'is missing', why, fix: `add ${wanted}` };
  const same = choices.find((choice) => String(choice) === found);
  if (same !== undefined) return quotedComplaint(same, why);
  const meant = typeof found === 'string' ? nearest(found, words) : undefined;
  return {
    code: 'CONFIG_INVALID_VALUE',
    what: `is ${all.length === 1 ? 'not' : 'none of'} ${known}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    why,
    fix: `write ${meant ?? wanted}`,
  };
}

const quotedComplaint = (meant: unknown, why: string): Complaint => ({
  code: 'CONFIG_WRONG_TYPE',
  what: `is a text and must be ${typeName(meant)}`,
  why,
  fix: `write ${String(meant)} without quotation marks`,
});

function rangeComplaint(issue: Issue & { code: 'too_small' | 'too_big' }, why: string): Complaint {
  const [word, limit] =
    issue.code === 'too_small' ? ['at least', issue.minimum] : ['at most', issue.maximum];
  const unit = { array: 'entries', string: 'characters' }[issue.origin as string] ?? '';
  // Every list and text of the format has a least length of one, if any.
  const isEmpty = issue.code === 'too_small' && unit !== '';
  const wanted = isEmpty ? `one or more ${unit}` : `${word} ${String(limit)} ${unit}`.trimEnd();
  return { code: 'CONFIG_OUT_OF_RANGE', what: `needs ${wanted}`, why, fix: `use ${wanted}` };
}

const NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map of keys',
  array: 'a list',
};

function typeName(value: unknown): string {
  if (value === null) return 'empty';
  return NAMES[Array.isArray(value) ? 'array' : typeof value] ?? typeof value;
}

/** The value at a path of the document. */
function valueAt(root: unknown, path: Path): unknown {
  let current = root;
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step))
      return undefined;
    current = (current as Record<string | number, unknown>)[step];
  }
  return current;
}
