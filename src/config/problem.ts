// What is wrong with a configuration: every problem at once, each with its place, its reason and its cure.

/** Stable codes: documentation and scripts name them. */
export const PROBLEM_CODES = [
  'CONFIG_UNREADABLE',
  'CONFIG_TOO_LARGE',
  'CONFIG_YAML',
  'CONFIG_UNKNOWN_KEY',
  'CONFIG_MISSING',
  'CONFIG_WRONG_TYPE',
  'CONFIG_INVALID_VALUE',
  'CONFIG_OUT_OF_RANGE',
  'CONFIG_EXACTLY_ONE',
  'CONFIG_CONFLICT',
  'CONFIG_DUPLICATE',
  'CONFIG_OVERLAP',
  'CONFIG_UNKNOWN_REFERENCE',
  'CONFIG_INSECURE',
  'CONFIG_SECRET',
  'CONFIG_KEY',
  'CONFIG_EXPRESSION',
  'CONFIG_NO_EFFECT',
] as const;

type ProblemCode = (typeof PROBLEM_CODES)[number];

/** Keys and indexes from the root of the document. */
export type Path = readonly (string | number)[];

/** A problem before its place in the file is known. */
export interface Complaint {
  readonly code: ProblemCode;
  readonly what: string;
  readonly why: string;
  readonly fix: string;
}

export interface Problem extends Complaint {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
  /** As in `clients[0].client_id`; empty for the document itself. */
  readonly path: string;
}

/** The configuration cannot be used. Carries all problems, warnings too. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(formatProblems(problems));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** A path as people write it. */
export function formatPath(path: Path): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${String(step)}]` : `.${step}`));
  return steps.join('').replace(/^\./, '');
}

/** The problems as text for a terminal, one paragraph each. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems.map(formatProblem).join('\n\n');
}

function formatProblem({ file, line, column, severity, code, path, ...said }: Problem): string {
  return [
    `${file}:${String(line)}:${String(column)} ${severity} ${code}`,
    `  ${path === '' ? '' : `${path}: `}${said.what}`,
    `  why: ${said.why}`,
    `  fix: ${said.fix}`,
  ].join('\n');
}
