// The key of the audit, held against the chains that it is to go on with.
import { basename, dirname, extname, join } from 'node:path';
import { createAuditKey } from '#src/audit/audit-key.ts';
import { filesOfOtherKeys } from '#src/audit/other-keys.ts';
import type { Config } from '#src/config/config.ts';
import { problemAt } from '#src/config/load.ts';
import { ConfigError } from '#src/config/problem.ts';

/** Refuses a key that did not seal what is there.
 * @throws {ConfigError} */
export async function requireAuditKey({ audit, file }: Config): Promise<void> {
  const key = createAuditKey(Buffer.from(audit.hmacKeyBase64, 'base64'));
  const [sealed] = await filesOfOtherKeys(audit.file, key);
  if (sealed === undefined) return;
  const extension = extname(audit.file);
  const all = `${basename(audit.file, extension)}*${extension}`;
  throw new ConfigError([
    await problemAt(file, ['audit', 'hmacKey'], {
      code: 'CONFIG_SECRET',
      severity: 'error',
      what: `is not the key of the first seal of ${sealed}: another one made that, or it was changed`,
      why: 'a chain that another key goes on with can be verified with neither',
      fix: `take the old key again; where there was none, \`viaduct audit verify\` tells what was changed. Or move all ${join(dirname(audit.file), all)} into a folder of their own, keep their key, and begin new chains`,
    }),
  ]);
}
