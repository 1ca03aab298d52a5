// Writes the faults of the SOAP front into the error catalogue, from the maps the front answers with. Run as a script with the path
// of the page.
import { readFile, writeFile } from 'node:fs/promises';
import {
  ENVELOPE_FAULTS,
  type FaultRow,
  REASON_FAULTS,
  SECURITY_FAULTS,
} from '#bridge/ws-trust/fault-map.ts';

const BEGIN = '<!-- faults: npm run errors:faults -->\n';
const END = '<!-- end of faults -->\n';
const SPELLING = { trust: 'wst', wsse: 'wsse', conversation: 'wsc' } as const;

interface Catalogued {
  readonly row: FaultRow;
  readonly causes: string[];
}

const entriesOf = (map: Readonly<Record<string, FaultRow>>, prefix: string) =>
  Object.entries(map).map(([cause, row]) => ({ cause: `${prefix}${cause}`, row }));

function catalogued(): readonly Catalogued[] {
  const all = [
    ...entriesOf(REASON_FAULTS, ''),
    ...entriesOf(SECURITY_FAULTS, 'header: '),
    ...entriesOf(ENVELOPE_FAULTS, 'envelope: '),
  ];
  const byFault = new Map<string, Catalogued>();
  for (const { cause, row } of all) {
    const name = `${row.standard} ${row.code} ${row.party}`;
    const known = byFault.get(name);
    if (known) known.causes.push(cause);
    else byFault.set(name, { row, causes: [cause] });
  }
  return [...byFault.values()];
}

/** The table: every fault once, with the refusals that end in it. */
export function faultCatalogue(): string {
  const rows = catalogued().map(({ row: { code, party, reason, standard }, causes }) => {
    const text = reason.replaceAll('<', '&lt;');
    return `| \`${SPELLING[standard]}:${code}\` | ${party} | ${text} | ${causes.map((cause) => `\`${cause}\``).join(', ')} |`;
  });
  return ['| fault | party | sentence | refusals |', '|---|---|---|---|', ...rows, ''].join('\n');
}

/** The page with the table in its place. */
export function withFaults(page: string): string {
  const [before, rest = ''] = page.split(BEGIN);
  const [, after] = rest.split(END);
  if (before === undefined || after === undefined) throw new Error('the page has no place for it');
  return `${before}${BEGIN}${faultCatalogue()}${END}${after}`;
}

if (import.meta.main) {
  const path = process.argv[2] ?? 'docs/errors.md';
  await writeFile(path, withFaults(await readFile(path, 'utf8')));
}
