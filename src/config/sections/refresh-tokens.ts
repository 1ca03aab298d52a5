// Refresh tokens: `refreshTokens`. Which exchange may bring one is a matter of policy.
import { z } from 'zod';
import type { PolicyRow } from '#core/policy.ts';
import type { Entry, Loading } from '../loading.ts';
import type { Complaint, Path } from '../problem.ts';
import type { ClientConfig } from './clients.ts';
import { readBase64Key } from './keys/base64-key.ts';
import { secretReference } from './secret.ts';

export interface RefreshTokenConfig {
  readonly keyBase64: string;
}

/** What the rows are held against. */
export interface RefreshSurroundings {
  /** Whether there is a section for refresh tokens, a broken one too. */
  readonly hasRefreshTokens: boolean;
  readonly clients: readonly ClientConfig[];
}

export const refreshTokensSection = z
  .strictObject({
    key: secretReference.describe(
      '32 random bytes or more in base64, the same for all processes; another key ends all refresh tokens.',
    ),
  })
  .describe('Needed where a policy row grants refresh tokens.')
  .optional();

const WEAK_KEY = 'whoever guesses the key makes refresh tokens';

const NO_KEY: Complaint = {
  code: 'CONFIG_CONFLICT',
  what: 'grants refresh tokens without a refreshTokens section',
  why: 'their text is made under a key of its own',
  fix: 'add refreshTokens: { key: { file: keys/refresh.key } }',
};

const NO_END: Complaint = {
  code: 'CONFIG_CONFLICT',
  what: 'grants refresh tokens without renewal',
  why: 'a refresh token needs an absolute end',
  fix: 'add renewal: { lifetimeSeconds: … }, or remove refresh_token from types',
};

const ACTED_FOR: Complaint = {
  code: 'CONFIG_NO_EFFECT',
  what: 'grants refresh tokens beside requestorAsActor',
  why: 'there are none where somebody acts for the subject, so whoever asks for one is refused',
  fix: 'set impersonation: true in place of requestorAsActor, or remove refresh_token from types',
};

const neverUsed = (client: string): Complaint => ({
  code: 'CONFIG_NO_EFFECT',
  what: `grants refresh tokens to ${client}, which may not use them`,
  why: 'its grant_types have no refresh_token',
  fix: `add refresh_token to the grant_types of ${client}, or remove it from types`,
});

/** Resolves the key. */
export async function readRefreshTokens(
  section: Entry<z.output<typeof refreshTokensSection>> | undefined,
  loading: Loading,
): Promise<RefreshTokenConfig | undefined> {
  if (!section?.value) return undefined;
  const key = { value: section.value.key, path: [...section.path, 'key'] };
  return { keyBase64: await readBase64Key(key, WEAK_KEY, loading) };
}

/** Holds the rows that grant refresh tokens against what those need, and against the clients. */
export function validateRefreshGrants(
  rows: readonly Entry<PolicyRow>[],
  { hasRefreshTokens, clients }: RefreshSurroundings,
  loading: Loading,
): void {
  const without = clients.filter(({ grant_types }) => !grant_types.includes('refresh_token'));
  for (const { value, path } of rows) {
    const index = value.grant.types.indexOf('refresh_token');
    if (index < 0) continue;
    const at: Path = [...path, 'allow', 'types', index];
    if (!value.grant.renewal) loading.error(at, NO_END);
    if (!hasRefreshTokens) loading.error(at, NO_KEY);
    if (value.grant.requestorAsActor) loading.warn(at, ACTED_FOR);
    for (const { client_id } of without.filter((each) => value.requestors.includes(each.client_id)))
      loading.warn(at, neverUsed(client_id));
  }
}
