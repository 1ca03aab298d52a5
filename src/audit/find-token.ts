// Finds what the audit says of a token. The audit holds no token id, only its keyed hash: the same hash is computed here.
import type { TokenRef } from '#core/security-token.ts';
import { type AuditKey, lookupHash } from './audit-key.ts';
import { readFileLines } from './file/file-lines.ts';

export interface FoundLine {
  readonly path: string;
  readonly line: number;
  /** The line as it stands. */
  readonly text: string;
}

/** The lines in which one of the tokens stands, in whatever role: as the token issued, as subject, actor or parent. */
export async function* findToken(
  paths: readonly string[],
  key: AuditKey,
  tokens: readonly TokenRef[],
): AsyncGenerator<FoundLine> {
  const hashes = tokens.map((token) => `"idHash":"${lookupHash(key, token)}"`);
  for (const path of paths) {
    let line = 0;
    for await (const { bytes } of readFileLines(path)) {
      line += 1;
      const text = bytes.toString('utf8');
      if (hashes.some((hash) => text.includes(hash))) yield { path, line, text };
    }
  }
}
