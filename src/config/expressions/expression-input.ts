// What an expression sees of a request: plain values without a prototype to climb, and bounded in size.
import type { ClaimValue } from '#core/claims/claim.ts';
import type {
  ExpressionClaims,
  ExpressionContext,
  ExpressionParty,
} from '#core/decision/expression.ts';

/** How much of a token an expression may look at. A claim that is larger cannot be read; the others can. */
export const INPUT_LIMITS = {
  maxClaims: 256,
  maxNameCharacters: 256,
  maxItems: 512,
  maxTextCharacters: 4096,
  /** Characters and elements of one claim, all levels together. */
  maxValueWeight: 16_384,
  maxDepth: 8,
} as const;

/** Stands for a claim that is too large. No operation knows this class, so reading it is an error and never a wrong answer. */
class Oversized {}

class TooLarge extends Error {}

const OVERSIZED = new Oversized();

interface Allowance {
  remaining: number;
}

function spend(allowance: Allowance, weight: number): void {
  allowance.remaining -= weight;
  if (allowance.remaining < 0) throw new TooLarge();
}

function textOf(value: string, allowance: Allowance): string {
  if (value.length > INPUT_LIMITS.maxTextCharacters) throw new TooLarge();
  spend(allowance, value.length);
  return value;
}

// Whole numbers are `int` in CEL, so that they can be counted with; all others are `double`.
const numberOf = (value: number): number | bigint =>
  Number.isSafeInteger(value) ? BigInt(value) : value;

type Composite = readonly ClaimValue[] | { readonly [name: string]: ClaimValue };

const isComposite = (value: ClaimValue): value is Composite =>
  typeof value === 'object' && value !== null;

function inputOf(value: ClaimValue, allowance: Allowance, depth: number): unknown {
  spend(allowance, 1);
  if (typeof value === 'string') return textOf(value, allowance);
  if (typeof value === 'number') return numberOf(value);
  return isComposite(value) ? compositeOf(value, allowance, depth) : value;
}

function compositeOf(value: Composite, allowance: Allowance, depth: number): unknown {
  const entries = Object.entries(value);
  if (depth === 0 || entries.length > INPUT_LIMITS.maxItems) throw new TooLarge();
  const inner = (each: ClaimValue) => inputOf(each, allowance, depth - 1);
  if (Array.isArray(value)) return (value as readonly ClaimValue[]).map(inner);
  // A Map has no inherited members: a claim called `constructor` is only a key.
  return new Map(entries.map(([name, each]) => [textOf(name, allowance), inner(each)]));
}

function boundedInput(value: ClaimValue): unknown {
  try {
    return inputOf(value, { remaining: INPUT_LIMITS.maxValueWeight }, INPUT_LIMITS.maxDepth);
  } catch (cause) {
    if (cause instanceof TooLarge) return OVERSIZED;
    throw cause;
  }
}

const recordInput = (record: { readonly [name: string]: ClaimValue }): Map<string, unknown> =>
  new Map(Object.entries(record).map(([name, value]) => [name, boundedInput(value)]));

const partyInput = ({ issuer, id, trustedIssuer, scopes }: ExpressionParty) =>
  recordInput({ issuer, id, trustedIssuer, scopes });

/** The variables of an expression, or undefined when the token has more claims than an expression may look at. */
export function expressionInput(context: ExpressionContext): Record<string, unknown> | undefined {
  const { requestor, target, actor } = context;
  if (hasTooMany(context.claims) || hasTooMany(requestor.claims)) return undefined;
  return {
    subject: partyInput(context.subject),
    actor: actor && partyInput(actor),
    requestor: requestorInput(requestor),
    target: recordInput({ id: target.id }),
    claims: recordInput(context.claims),
  };
}

function hasTooMany(claims: ExpressionClaims): boolean {
  const names = Object.keys(claims);
  const { maxClaims, maxNameCharacters } = INPUT_LIMITS;
  return names.length > maxClaims || names.some((name) => name.length > maxNameCharacters);
}

const requestorInput = ({ id, kind, method, claims }: ExpressionContext['requestor']) =>
  recordInput({ id, kind, method }).set('claims', recordInput(claims));

/** A result as a claim value, or undefined when it has no JSON form. */
export function claimValueOf(value: unknown): ClaimValue | undefined {
  if (typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'string') return value.isWellFormed() ? value : undefined;
  if (typeof value === 'number') return isKept(value) ? value : undefined;
  if (typeof value === 'bigint') return wholeNumber(value);
  if (Array.isArray(value)) return listValue(value);
  return typeof value === 'object' ? objectValue(value) : undefined;
}

function objectValue(value: object): ClaimValue | undefined {
  if (value instanceof Map) return recordValue([...(value as Map<unknown, unknown>)]);
  return value.constructor === Object ? recordValue(Object.entries(value)) : undefined;
}

const isKept = (value: number): boolean =>
  Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);

// A number that JSON readers would round is refused: two readers would see two values.
function wholeNumber(value: bigint): number | undefined {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

function listValue(values: readonly unknown[]): ClaimValue | undefined {
  const list = values.map(claimValueOf);
  return list.every((each) => each !== undefined) ? list : undefined;
}

function recordValue(entries: readonly (readonly [unknown, unknown])[]): ClaimValue | undefined {
  const record: Record<string, ClaimValue> = Object.create(null) as Record<string, ClaimValue>;
  for (const [name, each] of entries) {
    const value = claimValueOf(each);
    if (typeof name !== 'string' || value === undefined) return undefined;
    record[name] = value;
  }
  return record;
}
