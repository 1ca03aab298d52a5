// Whether the chains that are there were sealed with the key that is to go on with them: one that another key goes on with verifies
// with neither. Cheap, for every start: a file begins with a checkpoint, before its first record.
import type { AuditKey } from './audit-key.ts';
import { CHECKPOINT_EVENT, sealedHeads } from './chain/checkpoint.ts';
import { type AuditLine, decodeLine, parseLine } from './chain/line.ts';
import { auditChains } from './file/audit-files.ts';
import { readFileLines } from './file/file-lines.ts';

/** A checkpoint names a head for each worker. */
const START_BYTES = 65_536;

/** The first checkpoint of a file; undefined where its first bytes have none, or cannot be read: whoever opens or verifies it tells. */
async function firstCheckpoint(path: string): Promise<AuditLine | undefined> {
  try {
    for await (const { bytes } of readFileLines(path, START_BYTES)) {
      const line = parseLine(decodeLine(bytes) ?? '');
      if (!line?.isIntact) return undefined;
      if (line.event === CHECKPOINT_EVENT) return line;
    }
  } catch {
    // It may be somebody else's, or have been closed for the next one meanwhile.
  }
  return undefined;
}

/** The newest files of chains, by their last one with a checkpoint, whose seal was not made with this key. */
export async function filesOfOtherKeys(
  basePath: string,
  key: AuditKey,
): Promise<readonly string[]> {
  const found: string[] = [];
  // Whoever may not look into the folder is told when it is opened: this is asked by others than who serves, too.
  const chains = await auditChains(basePath).catch(() => []);
  for (const paths of chains)
    for (const path of paths.toReversed()) {
      const checkpoint = await firstCheckpoint(path);
      if (!checkpoint) continue;
      if (!sealedHeads(checkpoint, key)) found.push(path);
      break;
    }
  return found;
}
