// Holds the coverage of a test run against what each folder owes. Run as a script with the lcov file that the run wrote.
import { readFile } from 'node:fs/promises';

/** Percent of lines; the first folder that fits counts. */
const THRESHOLDS: readonly (readonly [folder: string, percent: number])[] = [
  ['src/core/', 95],
  ['bridge/xml/', 95],
  ['bridge/saml/', 95],
  ['src/', 90],
  ['bridge/', 90],
];

interface Lines {
  readonly found: number;
  readonly hit: number;
}

/** The lines of each file of an lcov report. */
function linesByFile(report: string): ReadonlyMap<string, Lines> {
  const files = new Map<string, Lines>();
  for (const record of report.split('end_of_record')) {
    const [, file] = /^SF:(.+)$/m.exec(record) ?? [];
    if (file === undefined) continue;
    const count = (name: string): number =>
      Number(new RegExp(`^${name}:(\\d+)$`, 'm').exec(record)?.[1] ?? 0);
    files.set(file, { found: count('LF'), hit: count('LH') });
  }
  return files;
}

const report = await readFile(process.argv[2] ?? 'coverage.lcov', 'utf8');
const totals = new Map(THRESHOLDS.map(([folder]) => [folder, { found: 0, hit: 0 }]));
for (const [file, { found, hit }] of linesByFile(report)) {
  const [folder] = THRESHOLDS.find(([prefix]) => file.startsWith(prefix)) ?? [];
  const total = folder === undefined ? undefined : totals.get(folder);
  if (!total) continue;
  total.found += found;
  total.hit += hit;
}
for (const [folder, percent] of THRESHOLDS) {
  const { found, hit } = totals.get(folder) ?? { found: 0, hit: 0 };
  // Nothing seen is not full coverage.
  const covered = found === 0 ? 0 : (100 * hit) / found;
  const isEnough = covered >= percent;
  if (!isEnough) process.exitCode = 1;
  process.stdout.write(
    `${isEnough ? 'ok  ' : 'LESS'} ${folder} ${covered.toFixed(1)} % of ${found} lines, ${percent} wanted\n`,
  );
}
