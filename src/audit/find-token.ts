// Finds what the audit says of a token. The audit holds no token id, only its keyed hash: the same hash is computed here.
import type { TokenRef } from '#core/token/security-token.ts';
import { type AuditKey, lookupHash } from './audit-key.ts';
import { readFileLines } from './file/file-lines.ts';

/** The lines in which one of the tokens stands, as they are, in whatever role: as the token issued, as subject, actor or parent. */
export async function* findToken(
  paths: readonly string[],
  key: AuditKey,
  tokens: readonly TokenRef[],
): AsyncGenerator<string> {
  const hashes = tokens.map((token) => `"idHash":"${lookupHash(key, token)}"`);
  for (const path of paths)
    for await (const { bytes } of readFileLines(path)) {
      const text = bytes.toString('utf8');
      if (hashes.some((hash) => text.includes(hash))) yield text;
    }
}
