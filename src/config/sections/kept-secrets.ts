// The place for secrets of tokens: `keptSecrets`. Absent: none is kept, and what depends on it is refused.
import { z } from 'zod';
import type { PolicyRow } from '#core/policy.ts';
import type { KeptSecretsConfig } from '../config.ts';
import type { Entry, Loading } from '../loading.ts';
import type { Complaint } from '../problem.ts';
import { readKeySection } from './base64-key.ts';
import { secretReference } from './secret.ts';

export const keptSecretsSection = z
  .strictObject({
    key: secretReference.describe(
      '32 random bytes or more in base64, the same for all processes; another key ends all security contexts.',
    ),
  })
  .describe(
    'Keeps the secrets of tokens that are bound to one, sealed in the store: for security contexts, for renewal, and for messages signed with such a secret.',
  )
  .optional();

const WEAK_KEY = 'whoever guesses the key and reads the store has the secrets of all tokens';

/** Resolves the key. */
export function buildKeptSecrets(
  entry: Entry<z.output<typeof keptSecretsSection>> | undefined,
  loading: Loading,
): Promise<KeptSecretsConfig | undefined> {
  return readKeySection(entry, WEAK_KEY, loading);
}

const NO_PLACE: Complaint = {
  code: 'CONFIG_CONFLICT',
  what: 'grants security contexts without a keptSecrets section',
  why: 'what a context stands for is kept by the server alone',
  fix: 'add keptSecrets: { key: { file: keys/secrets.key } }',
};

/** Holds the rows that grant security contexts against what those need. */
export function validateContextGrants(
  rows: readonly Entry<PolicyRow>[],
  hasSection: boolean,
  loading: Loading,
): void {
  for (const { value, path } of rows) {
    const index = value.grant.types.indexOf('sct');
    if (index >= 0 && !hasSection) loading.error([...path, 'allow', 'types', index], NO_PLACE);
  }
}
