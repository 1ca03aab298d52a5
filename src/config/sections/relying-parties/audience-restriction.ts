// Whether the assertions for a relying party say whom they are for: `relyingParties[].token.audienceRestriction`.
import { z } from 'zod';
import type { Entry, Loading } from '../../loading.ts';
import type { Complaint } from '../../problem.ts';
import { conflict } from '../fields.ts';
import type { WsTrustConfig } from '../ws-trust/ws-trust.ts';

export const audienceRestriction = z
  .enum(['always', 'omitted-with-key'])
  .describe(
    'Whether its assertions say whom they are for: always, or not where they are bound to a public key and asked for at an address of the vcenter profile, by clients that sign them anew without.',
  )
  .default('always');

interface Written {
  readonly audienceRestriction: z.output<typeof audienceRestriction>;
  readonly type: string;
  readonly encryptTo?: unknown;
}

/** Whether it is asked for where it can be: the test and its complaint. */
export const canOmitAudience = [
  ({ audienceRestriction: wanted, encryptTo, type }: Written): boolean =>
    wanted === 'always' || (type === 'saml2' && encryptTo === undefined),
  conflict(
    'audienceRestriction: omitted-with-key is for SAML 2.0 assertions that are not encrypted',
    'it is for clients of vCenter, which read nothing else, and all other tokens say whom they are for',
    'remove it, or set type: saml2 without encryptTo',
  ),
] as const;

/** Holds the parties whose assertions may be without an audience against the profiles: no other writes them so. */
export function validateOmittedAudiences(
  parties: readonly Entry<{ readonly token: Written }>[],
  wsTrust: WsTrustConfig | undefined,
  loading: Loading,
): void {
  if (wsTrust?.profiles.some(({ name }) => name === 'vcenter')) return;
  for (const { value, path } of parties)
    if (value.token.audienceRestriction !== 'always')
      loading.error([...path, 'token', 'audienceRestriction'], NO_PROFILE);
}

const NO_PROFILE: Complaint = {
  code: 'CONFIG_CONFLICT',
  what: 'audienceRestriction: omitted-with-key without the profile vcenter',
  why: 'at other addresses assertions always say whom they are for: it would do nothing',
  fix: 'remove it, or add wsTrust: { profiles: [{ profile: vcenter }] }',
};
