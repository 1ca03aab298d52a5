// Turns what is to be recorded into chained lines, with a checkpoint after so many records.
import type { AuditKey, ChainHead } from '../audit-key.ts';
import { checkpointContent } from './checkpoint.ts';
import { type LineContent, type LineHead, writeLine } from './line.ts';

/** Something to write: a record, a line about the audit itself, or a checkpoint over all before it. */
export type Entry = { readonly time: string } & (
  | { readonly kind: 'record' | 'notice'; readonly content: LineContent }
  | { readonly kind: 'checkpoint' }
);

export interface ChainRules {
  readonly chain: string;
  readonly key: AuditKey;
  readonly checkpointEveryRecords: number;
  /** The heads of the chains of other processes, to be sworn to as well. */
  readonly otherHeads: () => readonly ChainHead[];
}

export interface ChainState {
  readonly head: LineHead;
  readonly recordsSinceCheckpoint: number;
}

interface ChainExtension {
  readonly text: string;
  readonly state: ChainState;
}

/** The lines for these entries, behind `before`. Pure: the caller keeps the new state when the text is durable. */
export function extendChain(
  before: ChainState,
  entries: readonly Entry[],
  rules: ChainRules,
): ChainExtension {
  let { head, recordsSinceCheckpoint } = before;
  const lines: string[] = [];

  const push = (time: string, content: LineContent): void => {
    const line = writeLine(head, time, content);
    head = line.head;
    lines.push(line.text);
  };
  const checkpoint = (time: string): void => {
    const heads = [{ chain: rules.chain, ...head }, ...rules.otherHeads()];
    push(time, checkpointContent(rules.key, heads));
    recordsSinceCheckpoint = 0;
  };

  for (const entry of entries) {
    if (entry.kind === 'checkpoint') checkpoint(entry.time);
    else push(entry.time, entry.content);
    if (entry.kind === 'record') recordsSinceCheckpoint += 1;
    if (recordsSinceCheckpoint >= rules.checkpointEveryRecords) checkpoint(entry.time);
  }
  return { text: lines.join(''), state: { head, recordsSinceCheckpoint } };
}
