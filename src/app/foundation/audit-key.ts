// The key of the audit, held against the chains that it is to go on with.
import { basename, dirname, extname, join } from 'node:path';
import { createAuditKey } from '#src/audit/audit-key.ts';
import { filesOfOtherKeys } from '#src/audit/other-keys.ts';
import type { Config } from '#src/config/config.ts';
import { placeInFile } from '#src/config/load.ts';
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
    {
      code: 'CONFIG_SECRET',
      severity: 'error',
      file,
      ...(await placeInFile(file, ['audit', 'hmacKey'])),
      path: 'audit.hmacKey',
      what: `is not the key that ${sealed} was sealed with`,
      why: 'a chain that another key goes on with can be verified with neither',
      fix: `take the old key again; or move all ${join(dirname(audit.file), all)} into a folder of their own, keep the old key for them, and begin new chains`,
    },
  ]);
}
