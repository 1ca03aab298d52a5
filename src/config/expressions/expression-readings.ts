// Where we read CEL otherwise than the library does: case, numbers in text, and claims that have one value.
import type { ASTNode, Environment } from '@marcbachmann/cel-js';
import { COMPREHENSIONS } from './expression-bounds.ts';

const asciiCase = (from: RegExp, change: (text: string) => string) => (text: string) =>
  text.replace(from, change);

// CEL §Conversions. The library takes text that is empty for 0, and reads 0x10 and 0b1: whoever wrote the claim meant no number.
const NUMERAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function numeral(value: unknown): unknown {
  if (typeof value === 'string' && !NUMERAL.test(value)) throw new Error('the text is no number');
  return value;
}

// Of NaN every comparison is false: a row that denies from some risk on would let it pass. So it is an error, which denies. The library
// makes it of fractions by zero, and of what is too large: of infinity by infinity.
function comparable(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error('not a number');
  return value;
}

const COMPARISONS: ReadonlySet<string> = new Set(['<', '<=', '>', '>=', '==', '!=']);

const SCALARS: ReadonlySet<string> = new Set(['string', 'bigint', 'number', 'boolean']);

type Claims = ReadonlyMap<string, unknown>;

/** Makes claims lists of their values: with one value a claim is that value. All of them once for a request, for an expression may look
 * into one of them at every step of its walk over another. */
function createAsLists(): (claims: Claims) => Claims {
  const known = new WeakMap<Claims, Claims>();
  return (claims) => {
    const lists =
      known.get(claims) ??
      new Map(
        [...claims].map(([name, value]) => [name, SCALARS.has(typeof value) ? [value] : value]),
      );
    known.set(claims, lists);
    return lists;
  };
}

/** Adds the functions that `useReadings` puts into expressions. None of them can be called by name. */
export function registerReadings(environment: Environment): Environment {
  return environment
    .registerFunction(
      'string.lowerAsciiOnly(): string',
      asciiCase(/[A-Z]+/g, (s) => s.toLowerCase()),
    )
    .registerFunction(
      'string.upperAsciiOnly(): string',
      asciiCase(/[a-z]+/g, (s) => s.toUpperCase()),
    )
    .registerFunction('numeral(dyn): dyn', numeral)
    .registerFunction('comparable(dyn): dyn', comparable)
    .registerFunction('asLists(map<string, dyn>): map<string, dyn>', createAsLists());
}

/** Puts our readings into a parsed expression. */
export function useReadings(node: ASTNode, environment: Environment): void {
  if (node.op === 'rcall') useMethodReading(node, environment);
  else if (node.op === 'call') useNumerals(node, environment);
  else if (node.op === 'in') useList(node.args[1], environment);
  else if (isComparison(node)) useComparable(node.args, environment);
  for (const child of childrenOf(node.args)) useReadings(child, environment);
}

function useMethodReading(
  { args }: ASTNode & { readonly op: 'rcall' },
  environment: Environment,
): void {
  const [name, receiver] = args;
  // The library's own pair follows Unicode: the Kelvin sign would become `k`, and one name would pass for another.
  if (name === 'lowerAscii' || name === 'upperAscii') args[0] = `${name}Only`;
  if (COMPREHENSIONS.has(name)) useList(receiver, environment);
}

function useNumerals({ args }: ASTNode & { readonly op: 'call' }, environment: Environment): void {
  const [name, operands] = args;
  if (name === 'int' || name === 'double')
    args[1] = operands.map((operand) => within('numeral', operand, environment));
}

const isComparison = (node: ASTNode): node is ASTNode & { args: [ASTNode, ASTNode] } =>
  COMPARISONS.has(node.op);

function useComparable(operands: [ASTNode, ASTNode], environment: Environment): void {
  for (const [index, operand] of operands.entries())
    if (operand.op !== 'value') operands[index] = within('comparable', operand, environment);
}

/** Has one claim read as a list: whoever looks into it means a list, also where it has one value. */
function useList(node: ASTNode, environment: Environment): void {
  // Asked for first: `has(claims.groups) ? claims.groups : []`.
  if (node.op === '?:') for (const branch of node.args.slice(1)) useList(branch, environment);
  if (node.op !== '.' && node.op !== '[]') return;
  const [holder] = node.args;
  if (isClaims(holder)) node.args[0] = within('asLists', holder, environment);
}

const isId = ({ args, op }: ASTNode, name: string): boolean => op === 'id' && args === name;

const isClaims = (node: ASTNode): boolean =>
  isId(node, 'claims') ||
  (node.op === '.' && node.args[1] === 'claims' && isId(node.args[0], 'requestor'));

/** A part of an expression within a call of one of our functions. An error shows where the part stands. */
function within(
  name: 'numeral' | 'comparable' | 'asLists',
  part: ASTNode,
  environment: Environment,
): ASTNode {
  const { ast } = environment.parse(`${name}(0)`);
  if (ast.op === 'call') ast.args[1] = [part];
  const { end, pos, start } = part;
  return Object.assign(ast, { end, pos, start });
}

function childrenOf(args: unknown): readonly ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(childrenOf);
  const isNode = typeof args === 'object' && args !== null && 'op' in args && 'args' in args;
  return isNode ? [args as ASTNode] : [];
}
