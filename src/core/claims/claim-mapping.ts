// Renames, filters and makes claims between realms. Pure: what no rule names does not pass.

import type { Expression, ExpressionContext } from '../decision/expression.ts';
import { ExchangeFailure } from '../failure.ts';
import { type Claim, type ClaimSet, type ClaimValue, RESERVED_CLAIMS } from './claim.ts';

/** One outbound claim and where it comes from. */
export interface MappingRule {
  readonly claim: string;
  readonly source:
    | { readonly from: string }
    | { readonly constant: ClaimValue }
    | { readonly expression: Expression };
  readonly when?: Expression;
  /** Refuse when it yields nothing. */
  readonly required: boolean;
  /** Keep all values; without it more than one is a refusal, since no rule says which is meant. */
  readonly multiple: boolean;
  /** Only these values pass. */
  readonly only?: readonly ClaimValue[];
}

/** A rule and what came of it, for `explain`. */
export interface MappedClaim {
  readonly rule: MappingRule;
  readonly claim?: Claim;
  /** Why it yielded nothing. */
  readonly note?: string;
}

interface MappingInput {
  readonly claims: ClaimSet;
  readonly context: ExpressionContext;
  /** Who states what a constant or an expression makes: we do. */
  readonly issuer: string;
}

const hasSameProvenance = (left: Claim, right: Claim): boolean =>
  left.issuer === right.issuer && left.originalIssuer === right.originalIssuer;

function fromClaim(rule: MappingRule, name: string, claims: ClaimSet): MappedClaim {
  const sources = claims.filter((claim) => claim.name === name && claim.values.length > 0);
  const [first] = sources;
  if (!first) return { rule, note: `the subject token has no claim ${name}` };
  // Merged, the values of one would pass as the statement of the other.
  if (!sources.every((claim) => hasSameProvenance(claim, first))) {
    throw new ExchangeFailure('claim-missing', `claim ${name} is stated by several issuers`);
  }
  const values = sources.flatMap((claim) => claim.values);
  return { rule, claim: { ...first, name: rule.claim, values } };
}

function sourced(rule: MappingRule, input: MappingInput): MappedClaim {
  if ('from' in rule.source) return fromClaim(rule, rule.source.from, input.claims);
  const made = { name: rule.claim, issuer: input.issuer, originalIssuer: input.issuer };
  if ('constant' in rule.source)
    return { rule, claim: { ...made, values: [rule.source.constant] } };
  const result = rule.source.expression.evaluate(input.context);
  if ('error' in result) return { rule, note: result.error };
  const values = Array.isArray(result.value) ? (result.value as ClaimValue[]) : [result.value];
  return { rule, claim: { ...made, values } };
}

function filtered(mapped: MappedClaim): MappedClaim {
  const { rule, claim } = mapped;
  if (!claim) return mapped;
  const values = claim.values.filter(
    (value) => value !== null && (rule.only?.includes(value) ?? true),
  );
  if (values.length === 0) return { rule, note: 'no value passed' };
  // A list in a list is written and read back as several, too.
  const isSeveral = values.length > 1 || values.some(Array.isArray);
  if (isSeveral && !rule.multiple) {
    throw new ExchangeFailure(
      'claim-missing',
      `claim ${rule.claim} has several values, the rule allows one`,
    );
  }
  return { rule, claim: { ...claim, values } };
}

function applyRule(rule: MappingRule, input: MappingInput): MappedClaim {
  if (RESERVED_CLAIMS.has(rule.claim)) throw new Error(`a mapping may not write ${rule.claim}`);
  const condition = rule.when?.evaluate(input.context);
  // A condition that cannot be evaluated does not hold: one claim too many is worse than one too few.
  const holds = condition === undefined || ('value' in condition && condition.value === true);
  const mapped = holds
    ? filtered(sourced(rule, input))
    : { rule, note: 'its condition does not hold' };
  if (rule.required && !mapped.claim) {
    throw new ExchangeFailure(
      'claim-missing',
      `required claim ${rule.claim}: ${mapped.note ?? ''}`,
    );
  }
  return mapped;
}

/** Applies every rule in order; a later rule for the same claim replaces an earlier one that yielded something.
 * @throws {ExchangeFailure} `claim-missing` */
export function mapClaims(
  rules: readonly MappingRule[],
  input: MappingInput,
): readonly MappedClaim[] {
  return rules.map((rule) => applyRule(rule, input));
}

/** The claims that a mapping yielded. */
export function mappedClaims(mapped: readonly MappedClaim[]): ClaimSet {
  const byName = new Map<string, Claim>();
  for (const { claim } of mapped) if (claim) byName.set(claim.name, claim);
  return [...byName.values()];
}
