// Writes docs/standards.md from the requirement tables. Run as a script with the path of the file.
import { writeFile } from 'node:fs/promises';
import type { RequirementTable, TestRef } from '#test/support/requirements.ts';
import { REQUIREMENT_TABLES } from './requirement-tables.ts';

const HEAD = `# Standards

What each standard requires of us, and the tests that show it: one in which it is kept, one in which a breach is refused. "ours
alone" stands where nobody but ourselves could breach it. \`npm run spec:coverage\` writes this page from the tables in
\`test/spec\`; a test holds both to each other. Where we depart from a standard stands in [deviations](deviations.md).
`;

const nameOf = (reference: TestRef): string => {
  const [file = '', title = ''] = reference.split('#');
  return `${title.replaceAll('|', '\\|')} (\`${file.replace(/^.*\//, '').replace('.test.ts', '')}\`)`;
};

const cell = (references: readonly TestRef[] | 'ours alone'): string =>
  references === 'ours alone' ? references : references.map(nameOf).join('<br>');

const tableText = ({ standard, requirements }: RequirementTable): string =>
  [
    `\n## ${standard}\n`,
    '| id | level | required | kept in | refused in |',
    '|---|---|---|---|---|',
    ...requirements.map(
      ({ id, level, text, kept, refused }) =>
        `| ${id} | ${level} | ${text} | ${cell(kept)} | ${cell(refused)} |`,
    ),
    '',
  ].join('\n');

/** The text of docs/standards.md. */
export const standardsText = (): string => HEAD + REQUIREMENT_TABLES.map(tableText).join('');

if (import.meta.main) await writeFile(process.argv[2] ?? 'docs/standards.md', standardsText());
