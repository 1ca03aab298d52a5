// Walking the schema beside a path: what keys there are, and what a value is for.
import { z } from 'zod';
import type { Path } from './problem.ts';

/** A schema without what only wraps it. */
export function unwrap(schema: z.ZodType): z.ZodType {
  const isWrapper =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault;
  return isWrapper ? unwrap(schema.unwrap() as z.ZodType) : schema;
}

/** The schemas of an object's keys; empty for all that is not an object. */
export function shapeOf(schema: z.ZodType): ReadonlyMap<string, z.ZodType> {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodObject)) return new Map();
  return new Map(Object.entries(inner.shape as Record<string, z.ZodType>));
}

/** The keys that a map may have, in all its forms where it has several. */
export function keysOf(schema: z.ZodType): readonly string[] {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodUnion)) return [...shapeOf(inner).keys()];
  const options = inner.options as readonly z.ZodType[];
  return [...new Set(options.flatMap(keysOf))];
}

/** Of a value with several forms those that are not written as one of a few words. */
export function openForms(schema: z.ZodType): readonly z.ZodType[] {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodUnion)) return [];
  const options = inner.options as readonly z.ZodType[];
  return options.map(unwrap).filter(({ type }) => type !== 'enum' && type !== 'literal');
}

/** The schemas along a path, from the root to as far as the path is known. */
function schemasAlong(root: z.ZodType, path: Path): readonly z.ZodType[] {
  const schemas = [root];
  let current: z.ZodType | undefined = root;
  for (const step of path) {
    current = innerSchema(current, step);
    if (!current) break;
    schemas.push(current);
  }
  return schemas;
}

function innerSchema(schema: z.ZodType, step: string | number): z.ZodType | undefined {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodUnion) {
    const options = inner.options as readonly z.ZodType[];
    return options.map((option) => innerSchema(option, step)).find(Boolean);
  }
  if (typeof step === 'string') return shapeOf(inner).get(step);
  return inner instanceof z.ZodArray ? (inner.element as z.ZodType) : undefined;
}

/** The schema at a path. */
export const schemaAt = (root: z.ZodType, path: Path): z.ZodType | undefined => {
  const schemas = schemasAlong(root, path);
  return schemas.length === path.length + 1 ? schemas.at(-1) : undefined;
};

/** What the documentation of the schema says at a path, or nearest around it. */
export function descriptionAt(root: z.ZodType, path: Path): string | undefined {
  return schemasAlong(root, path).toReversed().map(descriptionOf).find(Boolean);
}

function descriptionOf(schema: z.ZodType): string | undefined {
  const inner = unwrap(schema);
  return schema.description ?? (inner === schema ? undefined : inner.description);
}
