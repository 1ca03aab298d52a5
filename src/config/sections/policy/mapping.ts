// Claim mapping: which claims a token carries, and where each comes from. Used by relying parties and policy rows.
import { z } from 'zod';
import { RESERVED_CLAIMS } from '#core/claims/claim.ts';
import type { MappingRule } from '#core/claims/claim-mapping.ts';
import type { Expression } from '#core/decision/expression.ts';
import type { ExpressionPurpose } from '../../expressions/expression.ts';
import type { Entry, Loading } from '../../loading.ts';
import { exactlyOne, plainText, rule } from '../fields.ts';

const scalar = z.union([z.string(), z.number(), z.boolean()]);

/** The source of a CEL expression; compiled by its reader, which knows the place. */
export const celSource = z.string().min(1).max(1000);

const mappingEntry = z
  .strictObject({
    claim: plainText
      .refine(
        (name) => !RESERVED_CLAIMS.has(name),
        rule({
          code: 'CONFIG_INVALID_VALUE',
          what: 'is a reserved claim',
          why: 'claims that identify, bind or bound a token are decided, never mapped (RFC 8693 §4)',
          fix: 'choose another name',
        }),
      )
      .describe('The claim to write.'),
    from: plainText.describe('The claim of the subject token to copy.').optional(),
    constant: scalar.describe('A fixed value.').optional(),
    cel: celSource.describe('A CEL expression that yields the value.').optional(),
    when: celSource.describe('A CEL condition; without it the rule always applies.').optional(),
    required: z.boolean().describe('Refuse the request when it yields nothing.').default(false),
    multiple: z
      .boolean()
      .describe('Keep all values; otherwise several are a refusal.')
      .default(false),
    only: z.array(scalar).nonempty().describe('Only these values pass.').optional(),
  })
  .refine(...exactlyOne('from', 'constant', 'cel'))
  .meta({ oneOf: [{ required: ['from'] }, { required: ['constant'] }, { required: ['cel'] }] });

export const mappingSection = z
  .array(mappingEntry)
  .describe('The claims of the token; what no rule names does not pass.')
  .default([]);

type MappingEntry = z.output<typeof mappingEntry>;

/** Compiles an expression of the configuration; an expression that never yields, and a complaint, when it is not accepted. */
export function readExpression(
  { value, path }: Entry<string>,
  purpose: ExpressionPurpose,
  loading: Loading,
): Expression {
  const compiled = loading.compile(value, purpose);
  if ('expression' in compiled) return compiled.expression;
  const character = String(compiled.offset + 1);
  loading.error(path, {
    code: 'CONFIG_EXPRESSION',
    what: `${compiled.refusal} (at character ${character})`,
    why: 'expressions are CEL with a small set of functions, type-checked and bounded before start',
    fix: 'correct the expression; variables are subject, actor, requestor, target and claims',
  });
  return { source: value, evaluate: () => ({ error: 'not compiled' }) };
}

/** Reads the rules of one mapping. */
export function readMapping(
  { value, path }: Entry<readonly MappingEntry[]>,
  loading: Loading,
): readonly MappingRule[] {
  return value.map((entry, index) => readRule({ value: entry, path: [...path, index] }, loading));
}

function readRule({ value, path }: Entry<MappingEntry>, loading: Loading): MappingRule {
  const { claim, when, required, multiple, only } = value;
  return {
    claim,
    source: sourceOf({ value, path }, loading),
    ...(when !== undefined && {
      when: readExpression({ value: when, path: [...path, 'when'] }, 'condition', loading),
    }),
    required,
    multiple,
    ...(only && { only }),
  };
}

function sourceOf({ value, path }: Entry<MappingEntry>, loading: Loading): MappingRule['source'] {
  const { from, constant, cel } = value;
  if (from !== undefined) return { from };
  if (constant !== undefined) return { constant };
  const expression = { value: cel ?? '', path: [...path, 'cel'] };
  return { expression: readExpression(expression, 'value', loading) };
}
