// The part of CEL we accept, and how much work an expression may take at most, told from its text alone.
// The cost is a worst case over the largest input `expression-input.ts` lets in, so that no token can make a condition slow.
import type { ASTNode } from '@marcbachmann/cel-js';
import {
  type Bound,
  CLAIM_NAMES,
  literalBound,
  resultBound,
  SCALAR,
  stepsToRead,
  sumOf,
  VALUE,
} from './bound.ts';

/** Limits on the text of an expression. Steps are visits of a node or an element, tens of nanoseconds each. */
export const EXPRESSION_LIMITS = {
  maxSourceCharacters: 1000,
  maxNodes: 200,
  maxDepth: 32,
  maxListElements: 100,
  maxNesting: 2,
  maxSteps: 1_000_000,
  maxWeight: 10_000_000,
  maxTextCharacters: 65_536,
} as const;

interface Scope {
  readonly variables: ReadonlyMap<string, Bound>;
  readonly nesting: number;
}

/** Why an expression is not accepted. */
export class ExpressionRefusal extends Error {
  readonly offset: number;

  constructor(what: string, offset: number) {
    super(what);
    this.name = 'ExpressionRefusal';
    this.offset = offset;
  }
}

// Names that reach into JavaScript objects. The library guards them too; a second lock costs nothing.
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

const FIELDS_OF_ACTOR: ReadonlySet<string> = new Set(['issuer', 'id', 'trustedIssuer', 'scopes']);

/** What walks over a list. */
export const COMPREHENSIONS: ReadonlySet<string> = new Set([
  'all',
  'exists',
  'exists_one',
  'map',
  'filter',
]);

// Not `matches`: a backtracking regular expression is a denial of service. Not `cel.bind`: it doubles values in a few characters.
const FUNCTIONS: ReadonlySet<string> = new Set([
  'size',
  'startsWith',
  'endsWith',
  'contains',
  'indexOf',
  'lastIndexOf',
  'substring',
  'trim',
  'split',
  'join',
  'lowerAscii',
  'upperAscii',
  'string',
  'int',
  'double',
  'bool',
  'dyn',
]);

/** Checks what an expression uses and how much it can cost.
 * @throws {ExpressionRefusal} */
export function validateBounds(root: ASTNode): void {
  const known = ['subject', 'actor', 'requestor', 'target', 'claims'];
  boundOf(root, { variables: new Map(known.map((name) => [name, VALUE])), nesting: 0 });
}

function boundOf(node: ASTNode, scope: Scope): Bound {
  if (!Object.hasOwn(BOUNDERS, node.op)) {
    throw new ExpressionRefusal(`${node.op} is not offered`, node.pos);
  }
  const bound = (BOUNDERS[node.op] as Bounder<ASTNode['op']>)(node, scope);
  const { maxSteps, maxWeight, maxTextCharacters: maxText } = EXPRESSION_LIMITS;
  if (bound.steps > maxSteps || bound.weight > maxWeight || bound.text > maxText) {
    throw new ExpressionRefusal(
      'it may take too much work on a large token; use `in`, or fewer comprehensions',
      node.pos,
    );
  }
  return bound;
}

type Bounder<Operator extends ASTNode['op']> = (
  node: ASTNode & { readonly op: Operator },
  scope: Scope,
) => Bound;

const operator: Bounder<ASTNode['op']> = (node, scope) => {
  const operands = Array.isArray(node.args) ? (node.args as readonly ASTNode[]) : [];
  return operatorBound(node.op, operands, scope);
};

const unary: Bounder<'!_' | '-_'> = (node, scope) => ({ ...boundOf(node.args, scope), ...SCALAR });

// Total over the operators of the library: one that it adds does not compile until it is bounded here.
const BOUNDERS: { readonly [Operator in ASTNode['op']]: Bounder<Operator> } = {
  value: (node) => literalBound(node.args),
  id: variableBound,
  '.': accessBound,
  '.?': accessBound,
  '[]': indexBound,
  '[?]': indexBound,
  call: ({ pos, args: [name, operands] }, scope) => callBound(pos, { name, operands }, scope),
  rcall: methodBound,
  list: (node, scope) => literalCollection(node.args, scope),
  map: (node, scope) => literalCollection(node.args.flat(), scope),
  '!_': unary,
  '-_': unary,
  '?:': operator,
  '||': operator,
  '&&': operator,
  '!=': operator,
  '==': operator,
  in: operator,
  '+': operator,
  '-': operator,
  '*': operator,
  '/': operator,
  '%': operator,
  '<': operator,
  '<=': operator,
  '>': operator,
  '>=': operator,
};

function variableBound(node: ASTNode & { op: 'id' }, scope: Scope): Bound {
  const bound = scope.variables.get(node.args);
  if (!bound) throw new ExpressionRefusal(`there is no variable ${node.args}`, node.pos);
  // All claims at once have no useful bound; what names them one by one has.
  if (node.args === 'claims') {
    throw new ExpressionRefusal('claims are read by name: claims.department', node.pos);
  }
  return bound;
}

// `claims` itself may be looked into, searched and walked over, nothing else.
function holderBound(node: ASTNode, scope: Scope): Bound {
  return node.op === 'id' && node.args === 'claims' ? CLAIM_NAMES : boundOf(node, scope);
}

function validateName(name: string, node: ASTNode): void {
  if (FORBIDDEN_NAMES.has(name)) {
    throw new ExpressionRefusal(`the name ${name} is not allowed`, node.pos);
  }
}

function accessBound(node: ASTNode & { op: '.' | '.?' }, scope: Scope): Bound {
  const [holder, name] = node.args;
  validateName(name, node);
  if (holder.op === 'id' && holder.args === 'actor' && !FIELDS_OF_ACTOR.has(name)) {
    throw new ExpressionRefusal(`actor has no ${name}`, node.pos);
  }
  return memberBound(holder, holderBound(holder, scope));
}

function indexBound(node: ASTNode & { op: '[]' | '[?]' }, scope: Scope): Bound {
  const [holder, index] = node.args;
  if (index.op === 'value' && typeof index.args === 'string') validateName(index.args, node);
  const member = memberBound(holder, holderBound(holder, scope));
  return { ...member, steps: member.steps + boundOf(index, scope).steps };
}

function memberBound(holder: ASTNode, bound: Bound): Bound {
  const isClaims = holder.op === 'id' && holder.args === 'claims';
  return { ...(isClaims ? VALUE : bound), steps: bound.steps + 1 };
}

interface Call {
  readonly name: string;
  readonly operands: readonly ASTNode[];
}

function callBound(offset: number, call: Call, scope: Scope): Bound {
  const { name, operands } = call;
  if (name === 'has') return { ...sumOf(operands.map((each) => boundOf(each, scope))), ...SCALAR };
  if (!FUNCTIONS.has(name)) {
    throw new ExpressionRefusal(`the function ${name} is not offered`, offset);
  }
  const bounds = operands.map((each) =>
    name === 'size' ? holderBound(each, scope) : boundOf(each, scope),
  );
  return resultBound(name, bounds);
}

function methodBound(node: ASTNode & { op: 'rcall' }, scope: Scope): Bound {
  const [name, receiver, operands] = node.args;
  if (COMPREHENSIONS.has(name)) return comprehensionBound(node, scope);
  return callBound(node.pos, { name, operands: [receiver, ...operands] }, scope);
}

function comprehensionBound(node: ASTNode & { op: 'rcall' }, scope: Scope): Bound {
  const [name, receiver, [variable, ...body]] = node.args;
  const range = holderBound(receiver, scope);
  const nesting = scope.nesting + 1;
  if (nesting > EXPRESSION_LIMITS.maxNesting) {
    throw new ExpressionRefusal('comprehensions are nested too deep', node.pos);
  }
  if (variable?.op !== 'id') throw new ExpressionRefusal(`${name} needs a variable`, node.pos);
  validateName(variable.args, variable);
  if (scope.variables.has(variable.args)) {
    throw new ExpressionRefusal(`the variable ${variable.args} has a meaning already`, node.pos);
  }
  // All costs are linear in the weight of an element, so its average share of the range bounds the sum.
  const share = Math.ceil(range.weight / Math.max(range.items, 1));
  const element = { items: Math.min(range.items, VALUE.items), text: range.text, weight: share };
  const variables = new Map(scope.variables).set(variable.args, { ...element, steps: 1 });
  const each = sumOf(body.map((part) => boundOf(part, { variables, nesting })));
  const steps = range.steps + range.items * (each.steps + 1);
  if (name === 'filter') return { ...range, steps };
  if (name !== 'map') return { ...SCALAR, steps };
  return { items: range.items, text: each.text, weight: range.items * (each.weight + 1), steps };
}

function literalCollection(elements: readonly ASTNode[], scope: Scope): Bound {
  const sum = sumOf(elements.map((each) => boundOf(each, scope)));
  return {
    ...sum,
    items: Math.max(sum.items, elements.length),
    weight: sum.weight + elements.length,
  };
}

function operatorBound(op: string, operands: readonly ASTNode[], scope: Scope): Bound {
  const bounds = operands.map((each, index) =>
    op === 'in' && index === 1 ? holderBound(each, scope) : boundOf(each, scope),
  );
  const sum = sumOf(bounds);
  if (op === '&&' || op === '||' || op === '?:') return sum;
  const steps = sum.steps + sum.items + stepsToRead(sum.weight);
  return op === '+' ? { ...sum, steps } : { ...SCALAR, steps };
}
