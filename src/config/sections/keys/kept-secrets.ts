// The place for secrets of tokens: `keptSecrets`. Absent: none is kept, and what depends on it is refused.
import { z } from 'zod';
import type { Instant } from '#core/instant.ts';
import type { PolicyRow } from '#core/policy.ts';
import type { Entry, Loading } from '../../loading.ts';
import type { Complaint } from '../../problem.ts';
import { instant, instantOf } from '../fields.ts';
import { secretReference } from '../secret.ts';
import type { WsTrustConfig } from '../ws-trust/ws-trust.ts';
import { readBase64Key } from './base64-key.ts';
import { validateSchedule } from './keys.ts';

interface SealKeyConfig {
  readonly keyBase64: string;
  /** Absent: it always has been. */
  readonly activeFrom?: Instant;
}

export interface KeptSecretsConfig {
  readonly keys: readonly SealKeyConfig[];
}

const MAX_KEYS = 4;

const sealKeyEntry = z.strictObject({
  key: secretReference.describe('32 random bytes or more in base64, the same for all processes.'),
  activeFrom: instant.describe('From when it seals; it opens before.').optional(),
});

export const keptSecretsSection = z
  .strictObject({
    keys: z
      .array(sealKeyEntry)
      .min(1)
      .max(MAX_KEYS)
      .describe(
        'The one that started last seals, all of them open; what was sealed under a key that is not here is lost.',
      ),
  })
  .describe(
    'Keeps the secrets of tokens that are bound to one, sealed in the store: for security contexts, for renewal, and for messages signed with such a secret.',
  )
  .optional();

const WEAK_KEY = 'whoever guesses the key and reads the store has the secrets of all tokens';

async function readKey(
  { value: { activeFrom, key }, path }: Entry<z.output<typeof sealKeyEntry>>,
  loading: Loading,
): Promise<Entry<SealKeyConfig>> {
  const keyBase64 = await readBase64Key({ value: key, path: [...path, 'key'] }, WEAK_KEY, loading);
  const from = activeFrom === undefined ? {} : { activeFrom: instantOf(activeFrom) };
  return { value: { keyBase64, ...from }, path };
}

/** Resolves the keys. */
export async function readKeptSecrets(
  section: Entry<z.output<typeof keptSecretsSection>> | undefined,
  loading: Loading,
): Promise<KeptSecretsConfig | undefined> {
  if (!section?.value) return undefined;
  const keys: Entry<SealKeyConfig>[] = [];
  for (const [index, value] of section.value.keys.entries())
    keys.push(await readKey({ value, path: [...section.path, 'keys', index] }, loading));
  validateSchedule(keys, () => 'seal', loading);
  const seen = new Set<string>();
  for (const { value, path } of keys) {
    const bytes = Buffer.from(value.keyBase64, 'base64').toString('hex');
    if (seen.has(bytes)) loading.error([...path, 'key'], SAME_KEY);
    seen.add(bytes);
  }
  return { keys: keys.map(({ value }) => value) };
}

const SAME_KEY: Complaint = {
  code: 'CONFIG_DUPLICATE',
  what: 'this key is in the list already',
  why: 'a key that takes over from itself leaves all as it was',
  fix: 'make one: openssl rand -base64 32',
};

const NO_PLACE: Complaint = {
  code: 'CONFIG_CONFLICT',
  what: 'grants security contexts without a keptSecrets section',
  why: 'what a context stands for is kept by the server alone',
  fix: 'add keptSecrets: { keys: [{ key: { file: keys/secrets.key } }] }',
};

const NO_CONTEXTS: Complaint = {
  code: 'CONFIG_CONFLICT',
  what: 'takes security contexts without a keptSecrets section',
  why: 'their secrets are kept by the server alone: none could be taken, and clients would be told to bring one',
  fix: 'add keptSecrets: { keys: [{ key: { file: keys/secrets.key } }] }',
};

/** Takes them unless its credentials say otherwise. */
const CONTEXT_PATH = '/ws-trust/context';

/** Holds the addresses that take security contexts against what those need. */
export function validateContextAddresses(
  wsTrust: WsTrustConfig | undefined,
  hasSection: boolean,
  loading: Loading,
): void {
  if (hasSection) return;
  for (const [index, { credentials, path }] of (wsTrust?.endpoints ?? []).entries()) {
    const at = ['wsTrust', 'endpoints', index];
    const named = credentials?.indexOf('security-context') ?? -1;
    if (named >= 0) loading.error([...at, 'credentials', named], NO_CONTEXTS);
    if (!credentials && path === CONTEXT_PATH) loading.error([...at, 'path'], NO_CONTEXTS);
  }
}

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
