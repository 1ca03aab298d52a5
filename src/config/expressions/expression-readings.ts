// Where we read CEL otherwise than the library does: case, numbers in text, and claims that have one value.
import type { ASTNode, Environment } from '@marcbachmann/cel-js';
import { COMPREHENSIONS } from './expression-bounds.ts';
import { CLAIM_LISTS } from './expression-input.ts';

const asciiCase = (from: RegExp, change: (text: string) => string) => (text: string) =>
  text.replace(from, change);

// CEL §Conversions. The library takes text that is empty for 0, and reads 0x10 and 0b1: whoever wrote the claim meant no number.
const NUMERAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

// Of NaN every comparison is false: a row that denies from some risk on would let it pass. So it is an error, which denies.
function numeral(value: unknown): unknown {
  if (typeof value === 'string' && !NUMERAL.test(value)) throw new Error('the text is no number');
  return value;
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
    .registerFunction('numeral(dyn): dyn', numeral);
}

/** Puts our readings into a parsed expression. */
export function useReadings(node: ASTNode, environment: Environment): void {
  if (node.op === 'rcall') useMethodReading(node);
  else if (node.op === 'call') useNumerals(node, environment);
  else if (node.op === 'in') useList(node.args[1]);
  for (const child of childrenOf(node.args)) useReadings(child, environment);
}

function useMethodReading({ args }: ASTNode & { readonly op: 'rcall' }): void {
  const [name, receiver] = args;
  // The library's own pair follows Unicode: the Kelvin sign would become `k`, and one name would pass for another.
  if (name === 'lowerAscii' || name === 'upperAscii') args[0] = `${name}Only`;
  if (COMPREHENSIONS.has(name)) useList(receiver);
}

function useNumerals({ args }: ASTNode & { readonly op: 'call' }, environment: Environment): void {
  const [name, operands] = args;
  if (name !== 'int' && name !== 'double') return;
  args[1] = operands.map((operand) => {
    const { ast } = environment.parse('numeral(0)');
    if (ast.op === 'call') ast.args[1] = [operand];
    return ast;
  });
}

/** Has one claim read as a list: with one value it is that value, and whoever looks into it means a list of it. */
function useList(node: ASTNode): void {
  // Asked for first: `has(claims.groups) ? claims.groups : []`.
  if (node.op === '?:') node.args.slice(1).forEach(useList);
  if (node.op !== '.' && node.op !== '[]') return;
  const [holder] = node.args;
  if (holder.op === 'id' && holder.args === 'claims') Object.assign(holder, { args: CLAIM_LISTS });
  else if (holder.op === '.' && holder.args[1] === 'claims' && isRequestor(holder.args[0]))
    holder.args[1] = CLAIM_LISTS;
}

const isRequestor = ({ args, op }: ASTNode): boolean => op === 'id' && args === 'requestor';

function childrenOf(args: unknown): readonly ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(childrenOf);
  const isNode = typeof args === 'object' && args !== null && 'op' in args && 'args' in args;
  return isNode ? [args as ASTNode] : [];
}
