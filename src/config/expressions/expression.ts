// CEL expressions of the configuration, compiled and type-checked at load (design.md §5). Only this folder runs the library.
import { Environment } from '@marcbachmann/cel-js';
import type { Evaluation, Expression, ExpressionContext } from '#core/decision/expression.ts';
import { EXPRESSION_LIMITS, ExpressionRefusal, validateBounds } from './expression-bounds.ts';
import { claimValueOf, expressionInput } from './expression-input.ts';
import { registerReadings, useReadings } from './expression-readings.ts';

/** A condition must be bool; a value is what a claim can hold. */
export type ExpressionPurpose = 'condition' | 'value';

type Compilation =
  | { readonly expression: Expression }
  /** What is wrong, and the offset in the source where it shows. */
  | { readonly refusal: string; readonly offset: number };

export type CompileExpression = (source: string, purpose: ExpressionPurpose) => Compilation;

/** Creates the compiler. Expressions of one compiler share what they prepare of a request. */
export function createExpressionCompiler(): CompileExpression {
  const environment = createEnvironment();
  const inputFor = rememberInput();
  return (source, purpose) => {
    try {
      return { expression: compile({ source, purpose, environment }, inputFor) };
    } catch (cause) {
      if (cause instanceof ExpressionRefusal)
        return { refusal: cause.message, offset: cause.offset };
      throw cause;
    }
  };
}

type Input = Record<string, unknown> | undefined;

// A request is held against many rows; its values are prepared once.
function rememberInput(): (context: ExpressionContext) => Input {
  const inputs = new WeakMap<ExpressionContext, { readonly input: Input }>();
  return (context) => {
    const known = inputs.get(context);
    if (known) return known.input;
    const input = expressionInput(context);
    inputs.set(context, { input });
    return input;
  };
}

function createEnvironment(): Environment {
  const party = { issuer: 'string', id: 'string', trustedIssuer: 'string', scopes: 'list<string>' };
  const claims = 'map<string, dyn>';
  const environment = new Environment({
    unlistedVariablesAreDyn: false,
    enableOptionalTypes: false,
    limits: {
      maxAstNodes: EXPRESSION_LIMITS.maxNodes,
      maxDepth: EXPRESSION_LIMITS.maxDepth,
      maxListElements: EXPRESSION_LIMITS.maxListElements,
      maxMapEntries: EXPRESSION_LIMITS.maxListElements,
      maxCallArguments: 4,
    },
  })
    .registerVariable({ name: 'subject', schema: party })
    .registerVariable('actor', 'dyn')
    .registerVariable({
      name: 'requestor',
      schema: { id: 'string', kind: 'string', method: 'string', claims },
    })
    .registerVariable({ name: 'target', schema: { id: 'string' } })
    .registerVariable('claims', claims);
  return registerReadings(environment);
}

interface Source {
  readonly source: string;
  readonly purpose: ExpressionPurpose;
  readonly environment: Environment;
}

function compile(
  { source, purpose, environment }: Source,
  inputFor: (context: ExpressionContext) => Input,
): Expression {
  if (source.length > EXPRESSION_LIMITS.maxSourceCharacters) {
    const limit = EXPRESSION_LIMITS.maxSourceCharacters;
    throw new ExpressionRefusal(`it is longer than ${String(limit)} characters`, 0);
  }
  const program = parse(environment, source);
  validateBounds(program.ast);
  // As it is written, since our readings take and give any type; and on a tree of its own, since a check leaves in a tree what it found.
  validateType(typeOf(parse(environment, source)), purpose);
  useReadings(program.ast, environment);
  typeOf(program);
  return Object.freeze({
    source,
    evaluate(context: ExpressionContext): Evaluation {
      try {
        const input = inputFor(context);
        if (!input) return { error: 'the token has too many claims' };
        const value = claimValueOf(program(input));
        return value === undefined ? { error: 'the result is not a claim value' } : { value };
      } catch (cause) {
        return { error: describe(cause, source) };
      }
    },
  });
}

function parse(environment: Environment, source: string): ReturnType<Environment['parse']> {
  try {
    return environment.parse(source);
  } catch (cause) {
    const { summary, range } = celErrorOf(cause);
    throw new ExpressionRefusal(summary ?? 'it cannot be parsed', range?.start ?? 0);
  }
}

function typeOf(program: ReturnType<Environment['parse']>): string {
  const { valid, type = 'dyn', error } = program.check();
  if (!valid) throw new ExpressionRefusal(error?.summary ?? 'types', error?.range?.start ?? 0);
  return type;
}

const VALUE_TYPES = /^(?:dyn|string|int|double|bool|list|map|list<.*>|map<string, .*>)$/;

function validateType(type: string, purpose: ExpressionPurpose): void {
  if (purpose === 'condition' && type !== 'bool') {
    const hint = type === 'dyn' ? '; compare it, as in claims.admin == true' : '';
    throw new ExpressionRefusal(`a condition must be bool, this is ${type}${hint}`, 0);
  }
  if (!VALUE_TYPES.test(type)) {
    throw new ExpressionRefusal(`a claim cannot hold a value of type ${type}`, 0);
  }
}

interface CelError {
  readonly code?: string;
  readonly summary?: string;
  readonly range?: { readonly start: number; readonly end: number };
}

function celErrorOf(cause: unknown): CelError {
  return cause instanceof Error ? (cause as CelError) : {};
}

// The library's message may quote a claim value, which must not reach a log: the code and our own source tell enough.
function describe(cause: unknown, source: string): string {
  const { code, range } = celErrorOf(cause);
  const at = range ? source.slice(range.start, range.end) : source;
  return `${code ?? 'evaluation_failed'} at ${at}`;
}
