// What the configuration says of addresses of the SOAP front, held against the profiles: those are the bridge's, and the loader does not
// know them.
import { refusedEndpoints } from '#bridge';
import type { Config } from '#src/config/config.ts';
import { problemAt } from '#src/config/load.ts';
import { type Complaint, ConfigError } from '#src/config/problem.ts';
import { nearest } from '#src/config/spelling.ts';

type Refused = ReturnType<typeof refusedEndpoints>[number];

/** Refuses what the front could not honour.
 * @throws {ConfigError} with every problem found */
export async function requireServedAddresses({ file, wsTrust }: Config): Promise<void> {
  if (!wsTrust) return;
  const refused = refusedEndpoints(wsTrust);
  if (refused.length === 0) return;
  const problems = refused.map((each) => {
    const path = ['wsTrust', 'endpoints', each.index, each.key];
    const complaint = complaintOf(each, wsTrust.endpoints[each.index]?.path ?? '');
    return problemAt(file, path, { severity: 'error', ...complaint });
  });
  throw new ConfigError(await Promise.all(problems));
}

function complaintOf({ fix, known, what, why }: Refused, address: string): Complaint {
  if (!known) return { code: 'CONFIG_CONFLICT', what: `${address} ${what}`, why, fix };
  const meant = nearest(address, known);
  const said = { code: 'CONFIG_UNKNOWN_REFERENCE', why } as const;
  return meant === undefined
    ? { ...said, what, fix: `${fix}; there are ${known.join(', ')}` }
    : { ...said, what: `${what}; did you mean ${meant}?`, fix: `write ${meant}` };
}
