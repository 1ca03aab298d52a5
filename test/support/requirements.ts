// What a standard requires of us, and which tests show it. Each table stands beside the tests of its standard.

export type Level = 'MUST' | 'SHOULD';

/** A test: its file below `test/`, and a part of its title as it is spelled there. */
export type TestRef = `${string}.ts#${string}`;

export interface Requirement {
  /** The standard, its section, a number: `RFC8693-2.1-4`. */
  readonly id: string;
  readonly level: Level;
  /** What is required, in our words. */
  readonly text: string;
  /** Tests in which it is kept. */
  readonly kept: readonly TestRef[];
  /** Tests in which a breach is refused; or why nobody can breach it but ourselves. */
  readonly refused: readonly TestRef[] | 'ours alone';
}

export interface RequirementTable {
  readonly standard: string;
  readonly requirements: readonly Requirement[];
}

type Row = readonly [
  id: string,
  text: string,
  kept: readonly TestRef[],
  refused: readonly TestRef[] | 'ours alone',
];

const requirementsOf = (level: Level, rows: readonly Row[]): readonly Requirement[] =>
  rows.map(([id, text, kept, refused]) => ({ id, level, text, kept, refused }));

/** Rows of what must be. */
export const must = (...rows: readonly Row[]) => requirementsOf('MUST', rows);
/** Rows of what should be, and is. */
export const should = (...rows: readonly Row[]) => requirementsOf('SHOULD', rows);
