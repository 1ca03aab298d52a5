// The scoreboard: every row of the table of failures with what was seen in a run, as Markdown.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ROWS, type Row } from './rows.ts';

/** What a run saw of a fault or of tests. */
export interface Result {
  readonly name: string;
  readonly isPass: boolean;
  /** Figures, or what was wrong. */
  readonly says: string;
}

export const SCOREBOARD_FILE = fileURLToPath(
  new URL('../../../../docs/reliability.md', import.meta.url),
);
const [START, END] = ['<!-- scoreboard: npm run test:faults -->', '<!-- end of scoreboard -->'];

/** The names under which the proofs of a row have their results. */
export const proofsOf = ({ faults = [], tests = [] }: Row): readonly string[] => [
  ...faults,
  ...tests.map(([file, title]) => (title === '' ? file : `${file}: ${title}`)),
];

function verdictOf(row: Row, results: ReadonlyMap<string, Result>): string {
  if (row.notApplicable !== undefined) return `not applicable: ${row.notApplicable}`;
  const proofs = proofsOf(row);
  const failed = proofs.filter((name) => results.get(name)?.isPass === false);
  if (failed.length > 0) return `**fail**: ${failed.join(', ')}`;
  const missing = proofs.filter((name) => !results.has(name));
  if (missing.length > 0) return `**open**: not run on a quiet machine yet: ${missing.join(', ')}`;
  return row.open === undefined ? 'pass' : `**open**: ${row.open}`;
}

function lineOf(row: Row, results: ReadonlyMap<string, Result>): string {
  const proofs = proofsOf(row).map((name) => `\`${name}\``);
  const cells = [
    row.number,
    row.failure,
    row.invariant,
    verdictOf(row, results),
    proofs.join(', '),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** The scoreboard for these results. */
export function writeScoreboard(results: readonly Result[]): string {
  const byName = new Map(results.map((result) => [result.name, result]));
  const faults = results.filter(({ name }) => !name.includes('.test.ts'));
  return [
    START,
    '',
    '| # | failure | what must hold | result | shown by |',
    '|---|---|---|---|---|',
    ...ROWS.map((row) => lineOf(row, byName)),
    '',
    '| fault | result | seen |',
    '|---|---|---|',
    ...faults.map(
      ({ name, isPass, says }) => `| \`${name}\` | ${isPass ? 'pass' : '**fail**'} | ${says} |`,
    ),
    '',
    END,
  ].join('\n');
}

/** Puts a scoreboard in the place of the one in the document. */
export async function replaceScoreboard(scoreboard: string): Promise<void> {
  const text = await readFile(SCOREBOARD_FILE, 'utf8');
  const [before, after] = [text.indexOf(START), text.indexOf(END)];
  if (before < 0 || after < before) throw new Error('docs/reliability.md has no place for it');
  const rest = text.slice(after + END.length);
  await writeFile(SCOREBOARD_FILE, `${text.slice(0, before)}${scoreboard}${rest}`);
}
