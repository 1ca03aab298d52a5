// Follows one chain through its lines and says where it was changed. It goes on behind a fault, so that one altered line
// does not hide the next.
import type { AuditKey, ChainHead } from './audit-key.ts';
import { CHECKPOINT_EVENT, sealedHeads } from './chain/checkpoint.ts';
import {
  type AuditLine,
  CONTINUED_EVENT,
  decodeLine,
  type LineHead,
  NO_LINE,
  parseLine,
} from './chain/line.ts';

export interface AuditFinding {
  /** Counted from 1. */
  readonly line: number;
  readonly what: string;
}

export interface ChainReport {
  readonly head: ChainHead;
  readonly records: number;
  readonly problems: readonly AuditFinding[];
  readonly notes: readonly AuditFinding[];
  /** What the good checkpoints in it swear to about other chains. */
  readonly sworn: readonly ChainHead[];
}

interface ChainVerifier {
  /** Takes the next line, without its newline. */
  take(bytes: Uint8Array): void;
  /** Takes a last line without its newline. In the file that is written to, a write did not complete; a closed file ends with a whole
   * line. */
  takeTorn(isClosed: boolean): void;
  report(): ChainReport;
}

/** Why a line does not follow the one before it; undefined when it does. */
function breakOf(line: AuditLine, before: LineHead): string | undefined {
  if (line.seq > before.seq + 1) return `lines ${before.seq + 1} to ${line.seq - 1} are missing`;
  if (line.seq <= before.seq) {
    return `line ${line.seq} stands behind line ${before.seq}: inserted or out of order`;
  }
  return line.prev === before.hash ? undefined : 'it does not follow the line before it';
}

/** Why a checkpoint cannot be believed; undefined when it can. */
function faultOf(heads: readonly ChainHead[] | undefined, own: ChainHead): string | undefined {
  if (!heads) return 'the seal of the checkpoint is wrong';
  const isOwn = (head: ChainHead): boolean =>
    head.chain === own.chain && head.seq === own.seq && head.hash === own.hash;
  return heads.some(isOwn) ? undefined : 'the checkpoint is about another place in the chain';
}

interface Progress {
  chain: string;
  head: LineHead;
  lines: number;
  records: number;
  recordsSinceCheckpoint: number;
  linesSinceCheckpoint: number;
  /** There was a checkpoint, or it was told that there is none. */
  isVouchedFor: boolean;
  /** Decisions without completion: by correlation id, the line. */
  readonly pending: Map<unknown, number>;
  readonly problems: AuditFinding[];
  readonly notes: AuditFinding[];
  readonly sworn: ChainHead[];
}

function fault(progress: Progress, what: string | undefined): void {
  if (what !== undefined) progress.problems.push({ line: progress.lines, what });
}

function takeCheckpoint(progress: Progress, line: AuditLine, key: AuditKey): void {
  const heads = sealedHeads(line, key);
  progress.isVouchedFor = true;
  const wrong = faultOf(heads, { chain: progress.chain, ...progress.head });
  if (wrong !== undefined || !heads) return fault(progress, wrong);
  progress.sworn.push(...heads.filter(({ chain }) => chain !== progress.chain));
  progress.recordsSinceCheckpoint = 0;
  progress.linesSinceCheckpoint = 0;
}

function takeStart(progress: Progress, line: AuditLine): void {
  const chain = line.members.get('chain');
  if (progress.chain === '' && typeof chain === 'string') progress.chain = chain;
  if (progress.chain !== chain) fault(progress, 'another chain begins');
}

function takeRecovery({ notes, lines }: Progress, line: AuditLine): void {
  const [good, removed] = [line.members.get('good'), line.members.get('removed')];
  const what = `what a failed write had left was cut: ${JSON.stringify({ good, removed })}`;
  notes.push({ line: lines, what });
}

/** A chain whose oldest files were put elsewhere begins with a line that goes on from them. */
function takeFirst(progress: Progress, line: AuditLine): void {
  if (line.event !== CONTINUED_EVENT || progress.head.seq > 0) return;
  const what = `the chain begins here with line ${line.seq}: the files before it are not among these`;
  progress.notes.push({ line: progress.lines, what });
  progress.head = { seq: line.seq - 1, hash: line.prev };
}

/** A decision is on record before its token is made, its completion before the token is given out. */
function takeOutcome({ lines, pending }: Progress, line: AuditLine): void {
  const id = line.members.get('correlationId');
  if (line.members.get('outcome') === 'allowed') pending.set(id, lines);
  else pending.delete(id);
}

function takeRecord(progress: Progress, line: AuditLine, checkpointEveryRecords: number): void {
  takeOutcome(progress, line);
  // Its writer makes one before the first record. Whoever has no key could else put a chain of their own in the place of any.
  if (!progress.isVouchedFor)
    fault(progress, 'no checkpoint stands before it: nothing vouches for it');
  progress.isVouchedFor = true;
  progress.records += 1;
  progress.recordsSinceCheckpoint += 1;
  // Without its checkpoints a chain could be written anew from any place in it.
  if (progress.recordsSinceCheckpoint === checkpointEveryRecords + 1) {
    fault(progress, `no checkpoint within ${checkpointEveryRecords} records`);
  }
}

const atStart = (): Progress => ({
  chain: '',
  head: NO_LINE,
  lines: 0,
  records: 0,
  recordsSinceCheckpoint: 0,
  linesSinceCheckpoint: 0,
  isVouchedFor: false,
  pending: new Map(),
  problems: [],
  notes: [],
  sworn: [],
});

function openNotes({ lines, linesSinceCheckpoint: count }: Progress): readonly AuditFinding[] {
  const what = `the last ${count} lines are chained, but behind the last checkpoint`;
  return count > 0 ? [{ line: lines, what }] : [];
}

function pendingNotes({ pending }: Progress): readonly AuditFinding[] {
  const [line] = pending.values();
  const what = `${pending.size} decisions have no completion, the first of them here: a crash came between`;
  return line === undefined ? [] : [{ line, what }];
}

/** A verifier for one chain. `checkpointEveryRecords` is how often its writer made them, at the least. */
export function createChainVerifier(key: AuditKey, checkpointEveryRecords: number): ChainVerifier {
  const progress = atStart();

  function takeContent(line: AuditLine): void {
    if (line.event === 'audit.started' || line.event === CONTINUED_EVENT) takeStart(progress, line);
    else if (line.event === 'audit.recovered') takeRecovery(progress, line);
    else if (line.event === CHECKPOINT_EVENT) takeCheckpoint(progress, line, key);
    else takeRecord(progress, line, checkpointEveryRecords);
  }

  return {
    take(bytes) {
      progress.lines += 1;
      const line = parseLine(decodeLine(bytes) ?? '');
      if (!line) return fault(progress, 'this is not an audit line');
      progress.linesSinceCheckpoint += 1;
      if (!line.isIntact) fault(progress, 'it was changed: its hash is another');
      takeFirst(progress, line);
      fault(progress, breakOf(line, progress.head));
      takeContent(line);
      progress.head = { seq: line.seq, hash: line.hash };
    },
    takeTorn(isClosed) {
      progress.lines += 1;
      if (isClosed) return fault(progress, 'a file that was closed ends within a line');
      const what = 'the last line is torn: a write did not complete; the next start cuts it';
      progress.notes.push({ line: progress.lines, what });
    },
    report() {
      const { chain, head, records, problems, notes, sworn } = progress;
      return {
        head: { chain, ...head },
        records,
        problems:
          chain === '' ? [...problems, { line: 0, what: 'no chain begins here' }] : problems,
        notes: [...notes, ...pendingNotes(progress), ...openNotes(progress)],
        sworn,
      };
    },
  };
}
