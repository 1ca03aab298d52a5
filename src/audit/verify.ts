// Verifies audit files against themselves, against each other, and against checkpoints that a witness kept.
import type { AuditKey, ChainHead } from './audit-key.ts';
import { CHECKPOINT_EVERY_RECORDS, sealedHeads } from './chain/checkpoint.ts';
import { type AuditLine, decodeLine, parseLine } from './chain/line.ts';
import { type FileLine, readFileLines } from './file/file-lines.ts';
import { type AuditFinding, type ChainReport, createChainVerifier } from './verify-chain.ts';

/** The files of a chain, oldest first. */
type ChainPaths = readonly string[];

interface AuditChainReport extends ChainReport {
  readonly paths: ChainPaths;
  /** The file and the line in it, of a line counted through all files. */
  readonly placeOf: (line: number) => { readonly path: string; readonly line: number };
}

interface PathFinding extends AuditFinding {
  readonly path: string;
}

export interface AuditReport {
  readonly records: number;
  readonly heads: readonly (ChainHead & { readonly path: string })[];
  /** Empty: nothing was changed, removed, inserted or reordered, as far as chain and checkpoints reach. */
  readonly problems: readonly PathFinding[];
  /** What a reader should know and what is no fault. */
  readonly notes: readonly PathFinding[];
}

interface VerifySettings {
  readonly checkpointEveryRecords?: number;
  /** Checkpoint lines that were kept elsewhere: only they show that the end of a chain is gone. */
  readonly witnessed?: readonly string[];
}

/** All lines of a chain, file after file. */
async function* chainLines(
  paths: ChainPaths,
): AsyncGenerator<FileLine & { readonly path: string }> {
  for (const path of paths) {
    for await (const line of readFileLines(path)) yield { ...line, path };
  }
}

/** Verifies one chain as a stream: its lines through all its files, and its own checkpoints. */
export async function verifyAuditChain(
  paths: ChainPaths,
  key: AuditKey,
  { checkpointEveryRecords = CHECKPOINT_EVERY_RECORDS }: VerifySettings = {},
): Promise<AuditChainReport> {
  const verifier = createChainVerifier(key, checkpointEveryRecords);
  const begins: { readonly path: string; readonly before: number }[] = [];
  let count = 0;
  for await (const { bytes, isTerminated, path } of chainLines(paths)) {
    if (begins.at(-1)?.path !== path) begins.push({ path, before: count });
    count += 1;
    if (isTerminated) verifier.take(bytes);
    else verifier.takeTorn(path !== paths.at(-1));
  }
  return {
    paths,
    placeOf: (line) => {
      const begin = begins.findLast(({ before }) => before < Math.max(line, 1));
      return { path: begin?.path ?? paths.at(-1) ?? '', line: line - (begin?.before ?? 0) };
    },
    ...verifier.report(),
  };
}

/** What was sworn about one chain: the hashes of its lines, by number. */
function swornHashes(sworn: readonly ChainHead[], chain: string): Map<number, Set<string>> {
  const hashes = new Map<number, Set<string>>();
  for (const head of sworn) {
    if (head.chain !== chain) continue;
    hashes.set(head.seq, (hashes.get(head.seq) ?? new Set()).add(head.hash));
  }
  return hashes;
}

const isOther = ({ hash }: AuditLine, sworn: ReadonlySet<string> = new Set()): boolean =>
  [...sworn].some((each) => each !== hash);

function missingEnd(expected: ReadonlyMap<number, unknown>, lastSeq: number): string | undefined {
  const sworn = [...expected.keys()].reduce((left, right) => Math.max(left, right), 0);
  if (sworn <= lastSeq) return undefined;
  return `the end is gone: a checkpoint knows line ${sworn}, the last one is ${lastSeq}`;
}

/** Holds a chain against what was sworn about it. A second pass over its files, made only when there is something to hold. It is
 * made when all chains were read once: the writers may be at work, and what was sworn to was on the disk before it was. */
async function holdAgainst(
  { head, paths, placeOf }: AuditChainReport,
  sworn: readonly ChainHead[],
): Promise<PathFinding[]> {
  const expected = swornHashes(sworn, head.chain);
  if (expected.size === 0) return [];
  const findings: PathFinding[] = [];
  let line = 0;
  let lastSeq = 0;
  for await (const { bytes } of chainLines(paths)) {
    line += 1;
    const parsed = parseLine(decodeLine(bytes) ?? '');
    if (!parsed) continue;
    lastSeq = parsed.seq;
    if (isOther(parsed, expected.get(parsed.seq)))
      findings.push({ ...placeOf(line), what: 'it is not the line that a checkpoint swears to' });
  }
  const missing = missingEnd(expected, lastSeq);
  return missing === undefined ? findings : [...findings, { ...placeOf(line), what: missing }];
}

/** Heads that a witnessed checkpoint line swears to; a bad line is a finding about the witness. */
function parseWitnessed(
  lines: readonly string[],
  key: AuditKey,
): { readonly heads: readonly ChainHead[]; readonly problems: readonly PathFinding[] } {
  const heads: ChainHead[] = [];
  const problems: PathFinding[] = [];
  for (const [index, text] of lines.entries()) {
    const line = parseLine(text.trimEnd());
    const sealed = line?.isIntact ? sealedHeads(line, key) : undefined;
    if (sealed) heads.push(...sealed);
    else problems.push({ path: 'witness', line: index + 1, what: 'this is no good checkpoint' });
  }
  return { heads, problems };
}

/** A chain of which a checkpoint tells and which no file holds. */
function missingChains(
  reports: readonly AuditChainReport[],
  sworn: readonly ChainHead[],
): PathFinding[] {
  const known = new Set(reports.map(({ head }) => head.chain));
  const missing = new Set(sworn.map(({ chain }) => chain).filter((chain) => !known.has(chain)));
  return [...missing].map((chain) => ({
    path: '',
    line: 0,
    what: `no file holds chain ${chain}, of which a checkpoint tells`,
  }));
}

/** Verifies the chains of all processes together. */
export async function verifyAudit(
  chains: readonly ChainPaths[],
  key: AuditKey,
  settings: VerifySettings = {},
): Promise<AuditReport> {
  const reports: AuditChainReport[] = [];
  for (const paths of chains) reports.push(await verifyAuditChain(paths, key, settings));
  const witness = parseWitnessed(settings.witnessed ?? [], key);
  const sworn = [...witness.heads, ...reports.flatMap((report) => report.sworn)];
  const held: PathFinding[] = [];
  for (const report of reports) held.push(...(await holdAgainst(report, sworn)));
  const located = (report: AuditChainReport, findings: readonly AuditFinding[]): PathFinding[] =>
    findings.map(({ line, what }) => ({ ...report.placeOf(line), what }));
  return {
    records: reports.reduce((sum, { records }) => sum + records, 0),
    heads: reports.map(({ paths, head }) => ({ path: paths.at(-1) ?? '', ...head })),
    problems: [
      ...reports.flatMap((report) => located(report, report.problems)),
      ...held,
      ...missingChains(reports, sworn),
      ...witness.problems,
    ],
    notes: reports.flatMap((report) => located(report, report.notes)),
  };
}
