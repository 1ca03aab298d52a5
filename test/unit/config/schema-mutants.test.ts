// Every example with one thing wrong at each place in turn: what the published schema refuses, we refuse, and say why.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { configSchema } from '#src/config/schema.ts';
import { schemaComplaints } from '#src/config/schema-issues.ts';
import { schemaText } from '#src/config/write-schema.ts';

const FOLDER = new URL('../../../config/', import.meta.url);
const NAMES = (await readdir(FOLDER)).filter((name) => name.endsWith('.yaml'));

type Step = string | number;
type Tree = Record<Step, unknown>;

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null;

function placesIn(value: unknown, path: readonly Step[] = []): readonly (readonly Step[])[] {
  if (!isTree(value)) return [path];
  const steps: readonly Step[] = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [path, ...steps.flatMap((step) => placesIn(value[step], [...path, step]))];
}

const VALUES = [null, {}, { a: 1 }, [], '', 'nonsense', true, -3, 1e12];

interface Mutant {
  readonly title: string;
  readonly document: unknown;
}

/** The document with the value at a path replaced; undefined: taken away. */
function replaced(document: unknown, path: readonly Step[], value: unknown): unknown {
  const copy: unknown = structuredClone(document);
  const parent = path.slice(0, -1).reduce((tree: unknown, step) => (tree as Tree)[step], copy);
  const last = path.at(-1);
  if (!isTree(parent) || last === undefined) return value;
  if (value !== undefined) parent[last] = value;
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete parent[last];
  return copy;
}

/** One place of each kind: what is wrong with the second entry of a list is wrong with the first. */
function kindsOfPlaces(document: unknown): readonly (readonly Step[])[] {
  const kinds = Map.groupBy(placesIn(document).slice(1), (path) =>
    path.map((step) => (typeof step === 'number' ? '*' : step)).join('.'),
  );
  return [...kinds.values()].flatMap(([first]) => (first ? [first] : []));
}

function* mutantsOf(document: unknown): Generator<Mutant> {
  for (const path of kindsOfPlaces(document)) {
    const title = path.join('.');
    const value = path.reduce((tree: unknown, step) => (tree as Tree)[step], document);
    yield { title: `${title} is missing`, document: replaced(document, path, undefined) };
    for (const wrong of VALUES)
      yield {
        title: `${title} is ${JSON.stringify(wrong)}`,
        document: replaced(document, path, wrong),
      };
    if (isTree(value) && !Array.isArray(value))
      yield {
        title: `${title} has a key too much`,
        document: replaced(document, path, { ...value, unheardOf: 1 }),
      };
  }
}

describe('schema.json', () => {
  // The strict mode but for two habits: `required` beside `oneOf`, and values of several types.
  const validate = new Ajv({ strict: true, strictRequired: false, allowUnionTypes: true }).compile(
    JSON.parse(schemaText()) as object,
  );

  for (const name of NAMES) {
    it(`what it refuses of ${name} with one thing wrong, check refuses with what, why and a fix`, async () => {
      const document: unknown = parse(await readFile(new URL(name, FOLDER), 'utf8'));
      let refused = 0;

      for (const mutant of mutantsOf(document)) {
        const complaints = schemaComplaints(configSchema, mutant.document);

        if (!validate(mutant.document)) {
          assert.ok(complaints.length > 0, mutant.title);
          refused += 1;
        }
        for (const { complaint } of complaints)
          assert.ok(complaint.what && complaint.why && !/: ?$/.test(complaint.fix), mutant.title);
      }

      assert.ok(refused > 100, String(refused));
    });
  }
});
