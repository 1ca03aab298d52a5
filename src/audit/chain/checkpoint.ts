// Checkpoints: sealed lines that name the heads of all chains. A chain alone proves nothing against someone who writes it
// anew from the start; a checkpoint that a witness keeps elsewhere does. Neither proves that what was recorded is true.
import { type AuditKey, type ChainHead, isSealed, sealHeads } from '../audit-key.ts';
import type { AuditLine, LineContent } from './line.ts';

export const CHECKPOINT_EVENT = 'audit.checkpoint';

/** How many records may come without one: the writer makes them so often, and the verifier misses them. */
export const CHECKPOINT_EVERY_RECORDS = 1000;

interface CheckpointContent extends LineContent {
  readonly heads: readonly ChainHead[];
  readonly seal: string;
}

/** The content of a checkpoint line. */
export function checkpointContent(key: AuditKey, heads: readonly ChainHead[]): CheckpointContent {
  const named = heads.map(({ chain, seq, hash }) => ({ chain, seq, hash }));
  return { event: CHECKPOINT_EVENT, heads: named, seal: sealHeads(key, named) };
}

function parseHead(value: unknown): ChainHead | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!('chain' in value && 'seq' in value && 'hash' in value)) return undefined;
  const { chain, seq, hash } = value;
  const isHead = typeof chain === 'string' && typeof seq === 'number' && typeof hash === 'string';
  return isHead ? { chain, seq, hash } : undefined;
}

/** The heads a checkpoint line swears to; undefined when its seal was not made with this key. */
export function sealedHeads(line: AuditLine, key: AuditKey): readonly ChainHead[] | undefined {
  const stated = line.members.get('heads');
  const seal = line.members.get('seal');
  if (!Array.isArray(stated) || typeof seal !== 'string') return undefined;
  const heads = stated.map(parseHead).filter((head) => head !== undefined);
  return heads.length === stated.length && isSealed(key, heads, seal) ? heads : undefined;
}
