// How large the values of an expression can be, and how much work it takes to get them.
import { INPUT_LIMITS } from './expression-input.ts';

/** The largest value a node can yield (elements, characters of one text, both over all levels) and the steps to get it. */
export interface Bound {
  readonly items: number;
  readonly text: number;
  readonly weight: number;
  readonly steps: number;
}

const { maxClaims, maxItems, maxNameCharacters, maxTextCharacters, maxValueWeight } = INPUT_LIMITS;

export const SCALAR = { items: 0, text: 32, weight: 32 } as const;

/** A value of the input. */
export const VALUE: Bound = {
  items: maxItems,
  text: maxTextCharacters,
  weight: maxValueWeight,
  steps: 1,
};

/** The names of all claims. */
export const CLAIM_NAMES: Bound = {
  items: maxClaims,
  text: maxNameCharacters,
  weight: maxClaims * maxNameCharacters,
  steps: 1,
};

const CHARACTERS_PER_STEP = 32;

/** The steps to read so many characters. */
export const stepsToRead = (characters: number): number =>
  Math.ceil(characters / CHARACTERS_PER_STEP);

/** The bound of a value that is written in the expression. */
export function literalBound(value: unknown): Bound {
  const text = typeof value === 'string' ? value.length : SCALAR.text;
  return { items: 0, text, weight: text, steps: 1 };
}

/** The bound of several values together. */
export function sumOf(bounds: readonly Bound[]): Bound {
  let sum: Bound = { items: 0, text: 0, weight: 0, steps: 1 };
  for (const { items, text, weight, steps } of bounds) {
    sum = {
      items: sum.items + items,
      text: sum.text + text,
      weight: sum.weight + weight,
      steps: sum.steps + steps,
    };
  }
  return sum;
}

const SEARCHES: ReadonlySet<string> = new Set(['contains', 'indexOf', 'lastIndexOf', 'split']);

/** The bound of what a function yields; the first operand is its receiver. */
export function resultBound(name: string, operands: readonly Bound[]): Bound {
  const all = sumOf(operands);
  const steps = all.steps + stepsToRead(all.weight);
  const [receiver = all, argument = all] = operands;
  const search = SEARCHES.has(name) ? stepsToRead(receiver.text * argument.text) : 0;
  if (name === 'split') {
    const items = receiver.text + 1;
    return { ...receiver, items, weight: receiver.weight + items, steps: steps + search + items };
  }
  if (name === 'join') {
    const text = receiver.weight + receiver.items * argument.text;
    return { items: 0, text, weight: text, steps: steps + receiver.items };
  }
  return { ...receiver, steps: steps + search };
}
