// Verifies audit files against themselves, against each other, and against checkpoints that a witness kept.
import type { AuditKey, ChainHead } from './audit-key.ts';
import { sealedHeads } from './checkpoint.ts';
import { readFileLines } from './file-lines.ts';
import { decodeLine, parseLine } from './line.ts';
import { type AuditFinding, type ChainReport, createChainVerifier } from './verify-chain.ts';

export interface AuditFileReport extends ChainReport {
  readonly path: string;
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

export interface VerifySettings {
  readonly checkpointEveryRecords?: number;
  /** Checkpoint lines that were kept elsewhere: only they show that the end of a chain is gone. */
  readonly witnessed?: readonly string[];
}

/** Verifies one file as a stream: its chain and its own checkpoints. */
export async function verifyAuditFile(
  path: string,
  key: AuditKey,
  { checkpointEveryRecords = 1000 }: VerifySettings = {},
): Promise<AuditFileReport> {
  const verifier = createChainVerifier(key, checkpointEveryRecords);
  for await (const { bytes, isTerminated } of readFileLines(path)) {
    if (isTerminated) verifier.take(bytes);
    else verifier.takeTorn();
  }
  return { path, ...verifier.report() };
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

/** Holds a chain against what was sworn about it. A second pass over the file, made only when there is something to hold. */
async function holdAgainst(
  { path, head, lines }: AuditFileReport,
  sworn: readonly ChainHead[],
): Promise<PathFinding[]> {
  const expected = swornHashes(sworn, head.chain);
  if (expected.size === 0) return [];
  const findings: PathFinding[] = [];
  const last = [...expected.keys()].reduce((left, right) => Math.max(left, right));
  if (last > head.seq) {
    const what = `the end is gone: a checkpoint knows line ${last}, the last one is ${head.seq}`;
    findings.push({ path, line: lines, what });
  }
  let line = 0;
  for await (const { bytes } of readFileLines(path)) {
    line += 1;
    const parsed = parseLine(decodeLine(bytes) ?? '');
    const hashes = expected.get(parsed?.seq ?? 0) ?? new Set();
    if ([...hashes].some((hash) => hash !== parsed?.hash)) {
      findings.push({ path, line, what: 'it is not the line that a checkpoint swears to' });
    }
  }
  return findings;
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
  reports: readonly AuditFileReport[],
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

/** Verifies the audit files of all processes together. */
export async function verifyAudit(
  paths: readonly string[],
  key: AuditKey,
  settings: VerifySettings = {},
): Promise<AuditReport> {
  const reports: AuditFileReport[] = [];
  for (const path of paths) reports.push(await verifyAuditFile(path, key, settings));
  const witness = parseWitnessed(settings.witnessed ?? [], key);
  const sworn = [...witness.heads, ...reports.flatMap((report) => report.sworn)];
  const held: PathFinding[] = [];
  for (const report of reports) held.push(...(await holdAgainst(report, sworn)));
  const located = (report: AuditFileReport, findings: readonly AuditFinding[]): PathFinding[] =>
    findings.map((finding) => ({ path: report.path, ...finding }));
  return {
    records: reports.reduce((sum, { records }) => sum + records, 0),
    heads: reports.map(({ path, head }) => ({ path, ...head })),
    problems: [
      ...reports.flatMap((report) => located(report, report.problems)),
      ...held,
      ...missingChains(reports, sworn),
      ...witness.problems,
    ],
    notes: reports.flatMap((report) => located(report, report.notes)),
  };
}
