// What a start holds its configuration against beyond the text of it, without opening anything.
import type { Instant } from '#core/instant.ts';
import type { Config } from '#src/config/config.ts';
import type { Problem } from '#src/config/problem.ts';
import { requireAuditKey } from '../foundation/audit-key.ts';
import { endedLists } from '../trust/revocation-lists.ts';
import { parseTrustedCertificates } from '../trust/trusted-certificates.ts';
import { requireUsableMetadata } from '../trust/usable-metadata.ts';
import { requireServedAddresses } from './served-addresses.ts';

/** Refuses what no start could use; answers what it would warn of.
 * @throws {ConfigError} */
export async function requireStartable(config: Config, now: Instant): Promise<readonly Problem[]> {
  await requireAuditKey(config);
  await requireServedAddresses(config);
  await parseTrustedCertificates(config);
  const metadata = await requireUsableMetadata(config, now);
  return [...metadata, ...(await endedLists(config, now))];
}
